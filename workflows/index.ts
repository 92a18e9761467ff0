/** The workflows that a worker registers, under their exported names. */
export { trainingPipeline } from './training-pipeline.ts';
export { trainStage } from './train-stage.ts';
