/** Where a worker looks for Temporal. */
import { describe, expect, it } from '@jest/globals';
import { temporalSettings } from '../../workers/connection.ts';

describe('temporalSettings', () => {
  it('is the dev server when nothing is set', () => {
    expect(temporalSettings({ HOME: '/nonexistent' })).toMatchObject({
      address: '127.0.0.1:7233',
      namespace: 'default',
    });
  });

  it('follows Temporal’s own variables, which its command line reads too', () => {
    const settings = temporalSettings({
      HOME: '/nonexistent',
      TEMPORAL_ADDRESS: 'temporal.example.org:7233',
      TEMPORAL_NAMESPACE: 'lesions',
      TEMPORAL_API_KEY: 'key',
    });
    expect(settings).toMatchObject({
      address: 'temporal.example.org:7233',
      namespace: 'lesions',
      options: { apiKey: 'key' },
    });
  });
});
