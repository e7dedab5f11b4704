import { readFile } from 'node:fs/promises';
import { openApiFile } from './openapi-file.js';

interface Operation {
  operationId: string;
  security?: unknown[];
  responses: Record<string, { content?: Record<string, unknown> }>;
}

describe('docs/openapi.json', () => {
  let text: string;
  let document: { openapi: string; paths: Record<string, Record<string, Operation>> };

  beforeAll(async () => {
    text = await openApiFile();
    document = JSON.parse(text) as typeof document;
  });

  it('is what the code says (else: npm run openapi)', async () => {
    const checkedIn: unknown = JSON.parse(await readFile('docs/openapi.json', 'utf8'));
    expect(document).toEqual(checkedIn);
  });

  it('is OpenAPI 3.1 without what 3.1 has dropped', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(text).not.toContain('"nullable"');
  });

  it('describes every route of the API, its key, and its problems', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ at: `${method} ${path}`, operation })),
    );
    const api = operations.filter(({ at }) => at.includes(' /v1/'));
    expect(api.length).toBeGreaterThanOrEqual(17);
    for (const { at, operation } of api) {
      expect([at, operation.security]).toEqual([at, [{ bearer: [] }]]);
      for (const status of ['400', '401', '403']) {
        expect([at, Object.keys(operation.responses[status]?.content ?? {})]).toEqual([
          at,
          ['application/problem+json'],
        ]);
      }
    }
    const ids = api.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('never shows a secret in an answer', () => {
    const { components } = JSON.parse(text) as {
      components: { schemas: Record<string, { properties: Record<string, { enum?: string[] }> }> };
    };
    for (const [name, schema] of Object.entries(components.schemas).filter(([n]) => n.endsWith('View'))) {
      for (const field of ['accessToken', 'apiKey', 'webhookSecret', 'secretKey']) {
        const shown = schema.properties[field];
        expect([name, field, shown?.enum ?? ['set']]).toEqual([name, field, ['set']]);
      }
    }
  });
});
