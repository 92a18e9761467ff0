/** Temporal task queues: workflows and data work run anywhere, training runs where the accelerator is. */
export const taskQueues = {
  pipeline: 'lesionflow-pipeline',
  data: 'lesionflow-data',
  gpu: 'lesionflow-gpu',
} as const;

export const workflowTypes = {
  trainingPipeline: 'trainingPipeline',
  trainStage: 'trainStage',
} as const;

/** The query that every pipeline run answers with a `RunStatus`. */
export const STATUS_QUERY = 'status';
