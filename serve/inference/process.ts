/**
 * The process that holds one version of a model, owns TensorFlow, and answers its parent
 * (`inference-process.ts`). Started by `fork` only; it needs no credentials, since the files are there already.
 */
import { openPicture } from '../../datasets/decode.ts';
import { UnusableImageError } from '../../datasets/errors.ts';
import { exitWithParent } from '../../trainer/parent-watch.ts';
import { openDetector, type PublishedDetector } from '../published-detector.ts';
import { decodeUpright } from '../upright-picture.ts';
import { describeInstance } from './describe-instance.ts';
import { requestSchema, type LoadRequest, type PredictRequest, type Reply } from './protocol.ts';

/** A picture has one lesion; the masks of a hundred guesses at 50 million pixels would take all memory. */
const MOST_INSTANCES = 10;

let loaded: { readonly detector: PublishedDetector; readonly classNames: readonly string[] };

async function load({ config, classNames, weightsPath, cacheFolder }: LoadRequest): Promise<void> {
  try {
    const detectionMaxInstances = Math.min(config.detectionMaxInstances, MOST_INSTANCES);
    const detector = await openDetector({
      config: { ...config, detectionMaxInstances },
      weightsPath,
      cacheFolder,
    });
    // The first picture compiles the graph; nobody should have to wait for it.
    await detector.detect({ pixels: new Uint8Array(64 * 64 * 3), height: 64, width: 64 });
    loaded = { detector, classNames };
    send({ type: 'ready' });
  } catch (error) {
    send({ type: 'not-loaded', message: messageOf(error) });
  }
}

async function predict({ id, picture, minConfidence, mask }: PredictRequest): Promise<void> {
  try {
    const { detector, classNames } = loaded;
    const image = await decodeUpright(openPicture(picture));
    const { width, height } = image;
    const detections = await detector.detect(image, { minConfidence });
    const instances = await Promise.all(
      detections
        .toSorted((a, b) => b.score - a.score)
        .map((detection) =>
          describeInstance(detection, { size: [height, width], classNames, mask }),
        ),
    );
    send({ type: 'found', id, found: { image: { width, height }, instances } });
  } catch (error) {
    if (error instanceof UnusableImageError) send({ type: 'broken-picture', id });
    else send({ type: 'failed', id, message: messageOf(error) });
  }
}

function send(reply: Reply): void {
  if (process.connected) process.send?.(reply);
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

exitWithParent();
// Ctrl-C reaches the whole foreground group; the server lets what is under way come to its end first.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('message', (message) => {
  const request = requestSchema.parse(message);
  if (request.type === 'exit') process.exit(0);
  else if (request.type === 'load') void load(request);
  else void predict(request);
});
