/**
 * What runs can be searched and sorted by in the Temporal UI. `lesionflow dev` registers them; docs/operations.md has
 * the lines for other servers. Server types, as `temporal operator search-attribute create --type` takes them.
 */
export const searchAttributes = {
  /** `dataset.name` of the input. */
  dataset: { name: 'LesionFlowDataset', type: 'Keyword' },
  /** `publish.model`. */
  model: { name: 'LesionFlowModel', type: 'Keyword' },
  /** Where the run is: `data`, a stage of the recipe, `evaluate`, `publish`, `waiting for approval`, `promote`, `no change`. */
  stage: { name: 'LesionFlowStage', type: 'Keyword' },
  /** Threshold Jaccard on the validation images, 0 to 1. */
  score: { name: 'LesionFlowScore', type: 'Double' },
} as const satisfies Record<string, { readonly name: string; readonly type: 'Keyword' | 'Double' }>;
