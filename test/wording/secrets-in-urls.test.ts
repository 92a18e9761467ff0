/** Which addresses hold a secret, and how they look when they are shown. */
import { describe, expect, test } from '@jest/globals';
import { secretInUrl, withoutSecrets } from '../../wording/secrets-in-urls.ts';

describe('an address', () => {
  test.each([
    ['https://user:canary@host/x.zip', 'a user or password before the @'],
    ['s3://canary@bucket/key', 'a user or password before the @'],
    ['https://b.s3.amazonaws.com/x?X-Amz-Expires=9&X-Amz-Signature=canary', 'X-Amz-Signature'],
    ['https://storage.googleapis.com/x?X-Goog-Signature=canary', 'X-Goog-Signature'],
    ['https://x.blob.core.windows.net/x?sv=1&sig=canary', 'sig'],
    ['https://host/x?access_token=canary', 'access_token'],
    ['https://host/x?apikey=canary', 'apikey'],
  ])('%s holds a secret, and says where', (url, what) => {
    expect(secretInUrl(url)).toContain(what);
    expect(withoutSecrets(`got "${url}", tried 5 times`)).not.toContain('canary');
  });

  test.each([
    'https://zenodo.org/records/1/files/x.zip?download=1',
    'https://host/a@b/x.zip',
    's3://bucket/key/with@at',
    'file:///data/x.zip',
    'no address: a@b?sigma=1',
  ])('%s holds none', (url) => {
    expect(secretInUrl(url)).toBeUndefined();
  });

  test('is shown with all that names the place', () => {
    const shown = withoutSecrets('"https://me:canary@host/x.zip?sig=canary&v=canary"');
    expect(shown).toBe('"https://…@host/x.zip?sig=…&v=…"');
  });
});
