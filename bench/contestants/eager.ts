/**
 * The same model without graphs: TensorFlow.js op by op, as any program on it runs. Detection is written out
 * here from the library's parts, so that it stays eager whatever `Detector` does.
 */
import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-node-gpu';
import {
  detectionForward,
  moldImage,
  normBoxes,
  pyramidAnchors,
  Trainer,
  unmoldDetections,
  type Detection,
  type MaskRcnnConfig,
  type Parameters,
  type PixelImage,
} from '../../maskrcnn/index.ts';
import type { Prepare } from '../protocol.ts';
import { fewDetections } from './few-detections.ts';
import { configOf, libraryName, parametersOf, pixelImages } from './model.ts';
import { RefusedError, serve, type Work } from './serve.ts';
import { trainWork } from './train.ts';

await serve((request) => {
  const { kind, precision } = request.case;
  if (precision !== 'float32') throw new RefusedError('TensorFlow.js has no bfloat16');
  if (kind === 'detect') return detectWork(request);
  return trainWork(request, (options) => new Trainer(options));
});

async function detectWork(request: Prepare): Promise<Work> {
  const config = configOf(request.case);
  const parameters = await parametersOf(config, request);
  const images = await pixelImages(request.pictures, request.case.size);
  const values = pyramidAnchors(config, [request.case.size, request.case.size]);
  const anchors = tf.tensor2d(values, [values.length / 4, 4]);
  const all = { config, parameters, anchors };
  const scores = detect(images, all).map((found) => found.map(({ score }) => score));
  const detectionMinConfidence = fewDetections(scores, config.detectionMinConfidence);
  const model = { ...all, config: { ...config, detectionMinConfidence } };
  return {
    library: libraryName(),
    run: () => {
      const began = performance.now();
      const found = detect(images, model).flat();
      const milliseconds = performance.now() - began;
      return Promise.resolve({ milliseconds, detections: found.length / images.length });
    },
  };
}

interface Model {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly anchors: tf.Tensor2D;
}

/** The instances of each of `images`, which are of the network's size. */
function detect(images: readonly PixelImage[], { config, parameters, anchors }: Model) {
  const size = [config.imageMaxDim, config.imageMaxDim] as const;
  const molded = new Float32Array(images.length * size[0] * size[1] * 3);
  const length = molded.length / images.length;
  images.forEach(({ pixels }, index) => {
    moldImage(pixels, config, molded.subarray(index * length, (index + 1) * length));
  });
  const window = [0, 0, ...size] as const;
  const whole = Float64Array.from(images.flatMap(() => window));
  const { detections, masks } = tf.tidy(() => ({
    ...detectionForward({
      config,
      parameters,
      anchors,
      images: tf.tensor4d(molded, [images.length, ...size, 3]),
      windows: tf.tensor2d(normBoxes(whole, size), [images.length, 4]),
    }),
  }));
  const [, slots, ...maskSize] = masks.shape;
  const [numbers, probabilities] = [detections.dataSync(), masks.dataSync<'float32'>()];
  tf.dispose([detections, masks]);
  return images.map((_, index): Detection[] => {
    const part = (from: number) => [index * from, (index + 1) * from] as const;
    return unmoldDetections(
      {
        detections: numbers.subarray(...part(slots * 6)),
        masks: probabilities.subarray(...part(slots * maskSize[0] * maskSize[1])),
      },
      { size, window, maskSize, imageSize: size },
    );
  });
}
