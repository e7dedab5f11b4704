import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_SCOPES, type ApiScope } from '#core/tenancy';
import { openApiFile } from './openapi-file.js';
import { apiTypes, type ApiDocument } from './openapi-types.js';

interface Operation {
  operationId: string;
  security?: unknown[];
  'x-required-scope': ApiScope;
  parameters?: { in: string; name: string }[];
  responses: Record<string, { content?: Record<string, unknown> }>;
}

describe('docs/openapi.json', () => {
  let text: string;
  let document: {
    openapi: string;
    info: { version: string };
    paths: Record<string, Record<string, Operation>>;
  };

  beforeAll(async () => {
    text = await openApiFile();
    document = JSON.parse(text) as typeof document;
  });

  it('is what the code says (else: npm run openapi)', async () => {
    const checkedIn: unknown = JSON.parse(await readFile('docs/openapi.json', 'utf8'));
    expect(document).toEqual(checkedIn);
  });

  it('is what the types of the command-line client are made of (else: npm run openapi)', async () => {
    const checkedIn = await readFile('apps/admin/src/cli/api.gen.ts', 'utf8');
    expect(apiTypes(JSON.parse(text) as ApiDocument)).toBe(checkedIn);
  });

  it('has the version of package.json', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(document.info.version).toBe(version);
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
      expect([at, API_SCOPES.includes(operation['x-required-scope'])]).toEqual([at, true]);
      for (const status of ['400', '401', '403', '429']) {
        expect([at, Object.keys(operation.responses[status]?.content ?? {})]).toEqual([
          at,
          ['application/problem+json'],
        ]);
      }
    }
    const ids = api.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('asks for If-Match where two could change the same, and takes an Idempotency-Key where something is made', () => {
    const withHeader = (name: string) =>
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods)
          .filter(([, o]) => o.parameters?.some((p) => p.in === 'header' && p.name === name))
          .map(([method]) => `${method} ${path}`),
      );
    const merchant = '/v1/merchants/{merchantId}';
    expect(withHeader('If-Match').toSorted()).toEqual(
      [
        `patch ${merchant}`,
        `patch ${merchant}/settings`,
        `put ${merchant}/settings`,
        `put ${merchant}/meta-apps/{app}`,
        `delete ${merchant}/meta-apps/{app}`,
        `put ${merchant}/store`,
        `put ${merchant}/payment-providers/{account}`,
        `put ${merchant}/channel-accounts/{kind}`,
        `patch ${merchant}/channel-accounts/{accountId}`,
      ].toSorted(),
    );
    const creating = Object.entries(document.paths).flatMap(([path, { post }]) =>
      post && Object.keys(post.responses).includes('201') ? [`post ${path}`] : [],
    );
    expect(creating.length).toBeGreaterThanOrEqual(6);
    expect(withHeader('Idempotency-Key')).toEqual(
      expect.arrayContaining([...creating, `post ${merchant}/test-message`]),
    );
  });

  it('marks the settings that no service reads, and no others', () => {
    const { components } = JSON.parse(text) as {
      components: { schemas: { SettingsDto: { properties: Record<string, Record<string, unknown>> } } };
    };
    const sections = Object.entries(components.schemas.SettingsDto.properties);
    const marked = sections.filter(([, section]) => section['x-not-read-yet']).map(([name]) => name);
    const sources = ['checkout', 'conversation', 'catalog-sync', 'outbound', 'admin/src/privacy']
      .flatMap((folder) =>
        readdirSync(join('apps', folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts') && !/\btest\b|spec/.test(name))
          .map((name) => readFileSync(join('apps', folder, name), 'utf8')),
      )
      .filter((source) => source.includes('directory.settings('));
    const read = sections.filter(([name]) => sources.some((source) => source.includes(`.${name}`)));
    expect(read.map(([name]) => name)).toEqual(['payments', 'retention']);
    expect(marked.toSorted()).toEqual(
      sections
        .map(([name]) => name)
        .filter((name) => !['payments', 'retention'].includes(name))
        .toSorted(),
    );
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
