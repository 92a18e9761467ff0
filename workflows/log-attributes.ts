/** Lines that workflows log name their run: a stage is a workflow of its own, of which the run is the parent. */
import { workflowInfo, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { workflowTypes } from '../contracts/task-queues.ts';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      getLogAttributes: (attributes, next) => {
        const { workflowType, workflowId, parent } = workflowInfo();
        const isStage = workflowType === workflowTypes.trainStage;
        return next({ ...attributes, run: isStage ? parent?.workflowId : workflowId });
      },
    },
  ],
});
