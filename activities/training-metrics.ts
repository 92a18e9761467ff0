/** What an epoch adds to the worker's metrics, by run and stage (docs/guides/logs-and-metrics.md lists them). */
import type { MetricMeter, MetricTags } from '@temporalio/common';
import type { TrainEpochInput, TrainEpochOutput } from '../contracts/activities.ts';
import type { ActivityProgress, Losses } from '../contracts/progress.ts';
import type { Measure } from '../trainer/measures.ts';

export interface TrainingMetrics {
  readonly onProgress: (progress: ActivityProgress) => void;
  readonly onMeasure: (measure: Measure) => void;
  readonly onOutput: (output: TrainEpochOutput) => void;
  /** The attempt is over, however it ended: what describes it is no longer so. */
  readonly onEnd: () => void;
}

/** Prometheus' word for "there is no such value now". */
const NOTHING = Number.NaN;

/** `stepsRedone`: by earlier attempts, which their workers have counted. */
export function trainingMetrics(
  meter: MetricMeter,
  { runId, stage, epoch }: TrainEpochInput,
  { stepsRedone: redoneBefore }: { readonly stepsRedone: number },
): TrainingMetrics {
  const tags: MetricTags = { run: runId, stage: stage.name };
  const counter = (name: string, description: string) =>
    meter.createCounter(`lesionflow_${name}`, '', description).withTags(tags);
  const gauge = (name: string, description: string) =>
    meter.createGauge(`lesionflow_${name}`, 'float', '', description).withTags(tags);
  const histogram = (name: string, description: string) =>
    meter.createHistogram(`lesionflow_${name}`, 'float', '', description).withTags(tags);

  const steps = counter('train_steps', "The optimizer's steps");
  const stepTime = histogram('train_step_seconds', "A step's time, the wait for its data included");
  const stepsRedone = counter('train_steps_redone', 'Steps that had been done by a lost attempt');
  const epochs = counter('train_epochs', 'Epochs that were finished');
  const trainingLoss = gauge('train_loss', "Of the last step, by part; 'total' is minimised");
  const validationLoss = gauge('validation_loss', 'Mean of the last finished epoch, by part');
  const checkpoints = counter('checkpoints', 'Checkpoints that were saved, or could not be');
  const checkpointBytes = counter('checkpoint_bytes', 'Size of the checkpoints that were saved');
  const pause = histogram('checkpoint_pause_seconds', 'How long a checkpoint held the training up');
  const upload = histogram('checkpoint_upload_seconds', 'Hashing and uploading a checkpoint');
  const device = gauge('trainer_device_info', 'What the trainer runs on');
  const underWay = {
    epoch: gauge('train_epoch', 'The epoch under way, 1-based over all stages'),
    progress: gauge('train_epoch_progress_ratio', 'How much of the epoch is done, 0 to 1'),
    rate: gauge('train_learning_rate', 'Of the last step'),
    imagesPerSecond: gauge('train_images_per_second', 'Mean since the attempt began'),
    dataWait: gauge('train_data_wait_ratio', 'Share of the time spent waiting for data, 0 to 1'),
    memory: gauge('trainer_peak_memory_bytes', 'Most memory that the trainer held at once'),
  };
  const lossParts = new Set<string>();
  const setLosses = (losses: Losses) => {
    for (const [part, value] of Object.entries(losses)) {
      lossParts.add(part);
      trainingLoss.set(value, { part });
    }
  };

  underWay.epoch.set(epoch);
  let redoneCounted = redoneBefore;
  return {
    onProgress: (progress) => {
      if (progress.unit !== 'steps') return;
      underWay.progress.set(progress.done / Math.max(1, progress.total));
      if (progress.losses) setLosses(progress.losses);
      if (progress.imagesPerSecond) underWay.imagesPerSecond.set(progress.imagesPerSecond);
      if (progress.dataWaitShare !== undefined) underWay.dataWait.set(progress.dataWaitShare);
      if (progress.peakResidentBytes) underWay.memory.set(progress.peakResidentBytes);
      const redone = progress.stepsRedone ?? 0;
      if (redone > redoneCounted) stepsRedone.add(redone - redoneCounted);
      redoneCounted = Math.max(redone, redoneCounted);
    },
    onMeasure: (measure) => {
      if (measure.kind === 'device') device.set(1, { device: measure.device });
      else if (measure.kind === 'step') {
        steps.add(1);
        stepTime.record(measure.seconds);
        underWay.rate.set(measure.learningRate);
      } else if (measure.kind === 'checkpoint-failed') checkpoints.add(1, { result: 'failed' });
      else {
        checkpoints.add(1, { result: 'saved' });
        checkpointBytes.add(measure.bytes);
        pause.record(measure.pauseSeconds);
        upload.record(measure.uploadSeconds);
      }
    },
    onOutput: (output) => {
      if (output.kind !== 'finished') return;
      epochs.add(1);
      for (const [part, value] of Object.entries(output.result.validation ?? {})) {
        validationLoss.set(value, { part });
      }
    },
    onEnd: () => {
      for (const part of lossParts) trainingLoss.set(NOTHING, { part });
      for (const gauge of Object.values(underWay)) gauge.set(NOTHING);
    },
  };
}
