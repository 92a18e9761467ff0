/**
 * The trainer process: owns TensorFlow, does the tasks that its parent (`host.ts`) sends, and ends with
 * it. Started by `fork` only. It opens the object store itself, from the environment it was given.
 */
import { BatchLoader } from '../datasets/loader/batch-loader.ts';
import { createS3ObjectStore, s3SettingsFromEnvironment } from '../storage/s3-object-store.ts';
import { deviceInUse, requireMeantGpu } from './accelerator.ts';
import { CheckpointUploader } from './checkpoints/checkpoint-uploader.ts';
import { removeDeadWorkspaces } from './dead-workspaces.ts';
import { log } from './log.ts';
import { serveTasks } from './serve.ts';
import { evaluate } from './tasks/evaluate.ts';
import { exportModel } from './tasks/export-model.ts';
import { trainEpoch } from './tasks/train-epoch.ts';
import {
  cacheFolderFromEnvironment,
  dataThreadsFromEnvironment,
  workspaceParent,
  type TaskTools,
} from './tools.ts';
import { WarmModel } from './warm-model.ts';

const settings = s3SettingsFromEnvironment(process.env);
const store = createS3ObjectStore(settings);
const cacheFolder = cacheFolderFromEnvironment(process.env);
await removeDeadWorkspaces(workspaceParent(cacheFolder));
const warm = new WarmModel({ store, cacheFolder });
const threads = dataThreadsFromEnvironment(process.env);
const loader = new BatchLoader({ store: settings, cacheFolder, threads });
const uploader = new CheckpointUploader({ store: settings });
const tools: TaskTools = { store, cacheFolder, warm, loader, uploader };

serveTasks({
  'train-epoch': async (task, context) => {
    requireMeantGpu();
    context.measure({ kind: 'device', device: deviceInUse() });
    return trainEpoch(task, context, tools);
  },
  evaluate: async (task, context) => {
    requireMeantGpu();
    return evaluate(task, context, tools);
  },
  export: (task, context) => exportModel(task, context, tools),
});
log.info({ cacheFolder, device: deviceInUse(), trainerPid: process.pid }, 'The trainer is ready');
