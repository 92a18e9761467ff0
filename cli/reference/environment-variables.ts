/** What the command line reads from its environment: name → meaning, as docs/cli.md has it. */
export const environmentVariables: readonly (readonly [name: string, meaning: string])[] = [
  [
    'TEMPORAL_ADDRESS',
    "Temporal's server, `host:port`; `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…` as Temporal's own tools take them",
  ],
  [
    'TEMPORAL_CONFIG_FILE',
    "Temporal's config file, with `TEMPORAL_PROFILE` for one of its profiles",
  ],
  ['TEMPORAL_UI_URL', "the web UI's address, for links to runs"],
  ['LESIONFLOW_S3_BUCKET', 'the bucket of the store'],
  ['LESIONFLOW_S3_ENDPOINT', 'a store that is not AWS S3, e.g. `http://127.0.0.1:9000`'],
  ['AWS_REGION', 'and `AWS_PROFILE`, `AWS_ACCESS_KEY_ID`, …: as the AWS SDK takes them'],
  [
    'LESIONFLOW_HOME',
    'where `dev` and `demo` keep their state (default: `.lesionflow` in the checkout)',
  ],
  [
    'LESIONFLOW_CACHE',
    'where downloads and compiled graphs are kept (default: `cache` in the state folder)',
  ],
  ['LESIONFLOW_LOG_LEVEL', "of `serve`'s log on stderr: `debug`, `info`, `warn`, `error`"],
  ['NO_COLOR', 'no colours; `FORCE_COLOR=1` brings them where there is no terminal'],
];
