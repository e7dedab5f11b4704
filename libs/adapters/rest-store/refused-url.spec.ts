import { PortError } from '#core/tenancy';
import { createGuardedFetch } from '#platform';
import { RestStore } from './rest-store.adapter.js';

describe('a shop whose address may not be called', () => {
  it.each(['http://127.0.0.1:6379', 'https://169.254.169.254/latest', 'https://kubernetes.default.svc'])(
    '%s is a wrong setting, not an outage',
    async (baseUrl) => {
      const fetch = createGuardedFetch({ allowPrivate: false });
      const store = new RestStore({ baseUrl, apiKey: 'k', timeoutMs: 500, fetch });
      const failure: unknown = await store.listProducts({}).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PortError);
      expect(failure).toMatchObject({ kind: 'misconfigured', code: 'url_refused' });
      // What the operator and the merchant read does not say what stands there.
      expect((failure as PortError).message).not.toContain(new URL(baseUrl).hostname);
    },
  );
});
