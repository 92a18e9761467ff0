/** This project as it trains and detects: the compiled step, and `Detector`. */
import { performance } from 'node:perf_hooks';
import { Detector } from '../../maskrcnn/index.ts';
import { createEngine, graphCacheIn } from '../../trainer/engine.ts';
import { cacheFolderFromEnvironment } from '../../trainer/tools.ts';
import type { Prepare } from '../protocol.ts';
import { fewDetections } from './few-detections.ts';
import { loadWork } from './load.ts';
import { configOf, libraryName, parametersOf, pixelImages } from './model.ts';
import { serve, type Work } from './serve.ts';
import { trainWork } from './train.ts';

const cacheFolder = cacheFolderFromEnvironment(process.env);

await serve((request) => {
  switch (request.case.kind) {
    case 'detect':
      return detectWork(request);
    case 'load':
      return loadWork(request);
    case 'train-all':
    case 'train-heads':
    case 'start-up':
      return trainWork(request, (options) => createEngine({ ...options, cacheFolder }));
  }
});

async function detectWork(request: Prepare): Promise<Work> {
  const config = configOf(request.case);
  const detector = new Detector(config, await parametersOf(config, request), {
    graphCache: await graphCacheIn(cacheFolder),
  });
  const images = await pixelImages(request.pictures, request.case.size);
  const scores = (await detector.detectBatch(images)).map((found) =>
    found.map(({ score }) => score),
  );
  const minConfidence = fewDetections(scores, config.detectionMinConfidence);
  return {
    library: libraryName(),
    run: async () => {
      const began = performance.now();
      const found = await detector.detectBatch(images, { minConfidence });
      const milliseconds = performance.now() - began;
      return { milliseconds, detections: found.flat().length / images.length };
    },
  };
}
