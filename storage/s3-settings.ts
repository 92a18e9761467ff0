/** Where the object store is: from `LESIONFLOW_S3_*` for ours, from AWS's own chain for what they leave out. */
import { StoreSettingsError } from './errors.ts';

export interface S3Settings {
  readonly bucket: string;
  /** `http(s)://host:port` of an S3-compatible server; AWS itself when absent. */
  readonly endpoint?: string;
  /** AWS's own chain (environment, profile, instance) when absent. */
  readonly region?: string;
  /** AWS's own chain (environment, profile, role) when absent. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Bucket in the path and not in the host name: the default with an `endpoint`. */
  readonly forcePathStyle?: boolean;
}

/**
 * Reads `LESIONFLOW_S3_BUCKET` and `LESIONFLOW_S3_ENDPOINT`; region and credentials are found by the AWS SDK
 * (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, profiles, roles). Throws `StoreSettingsError`.
 */
export function s3SettingsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): S3Settings {
  const bucket = environment['LESIONFLOW_S3_BUCKET'];
  if (bucket === undefined || bucket === '') {
    throw new StoreSettingsError(
      'LESIONFLOW_S3_BUCKET',
      'is not set; it names the bucket to work in',
    );
  }
  // A server answers a wrong name with a bare 400, which says nothing.
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw new StoreSettingsError(
      'LESIONFLOW_S3_BUCKET',
      `must be 3 to 63 lower-case letters, digits, dots and dashes, got "${bucket}"`,
    );
  }
  const endpoint = environment['LESIONFLOW_S3_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') return { bucket };
  // Credentials have variables of their own; here they would show in every error that names the endpoint.
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) {
    throw new StoreSettingsError(
      'LESIONFLOW_S3_ENDPOINT',
      `must look like http://127.0.0.1:9000, without a user or a path, got "${endpoint.replace(/\/\/.*@/, '//…@')}"`,
    );
  }
  // A server of one's own has no regions, but every signature names one.
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  return { bucket, endpoint, region };
}
