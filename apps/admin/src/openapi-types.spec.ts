import { apiTypes, type ApiDocument } from './openapi-types.js';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** A document of one call. */
function documentOf(operation: object, schemas: object = {}): ApiDocument {
  return { paths: { '/v1/things/{id}': { put: operation } }, components: { schemas } } as ApiDocument;
}

/** The type that a schema is given. */
function typeOf(schema: object): string {
  return / {2}It: ([\s\S]*?);\n}\n/.exec(
    apiTypes(documentOf({ responses: { 204: {} } }, { It: schema })),
  )![1]!;
}

describe('the types of the client', () => {
  it('say of a call what is in its path, query, body and If-Match, and what it answers', () => {
    const text = apiTypes(
      documentOf({
        parameters: [
          { in: 'path', name: 'id', required: true, schema: { type: 'string' } },
          { in: 'query', name: 'full', required: false, schema: { type: 'boolean' } },
          { in: 'header', name: 'If-Match', required: true, schema: { type: 'string' } },
          { in: 'header', name: 'Idempotency-Key', schema: { type: 'string' } },
        ],
        requestBody: json(ref('PutThing')),
        responses: { 200: json(ref('Thing')), 400: json(ref('Problem')) },
      }),
    );
    expect(text).toContain(`
  put: {
    '/v1/things/{id}': { path: { id: string; }; query?: { full?: boolean; }; body: Schemas['PutThing']; etag: string; answer: Schemas['Thing']; };
  };
`);
  });

  it('leave out what a call does not take, and know an answer without content', () => {
    expect(apiTypes(documentOf({ responses: { 204: {} } }))).toContain(`': { answer: undefined; };`);
  });

  it('set what is taken in lines apart', () => {
    const lines = { 200: { content: { 'application/x-ndjson': { schema: { type: 'string' } } } } };
    expect(apiTypes(documentOf({ responses: lines }))).toContain(`  download: {\n    '/v1/things/{id}':`);
  });

  it('leave out what is not of the API, such as /health', () => {
    const { paths, components } = documentOf({ responses: {} });
    expect(apiTypes({ paths: { '/health': paths['/v1/things/{id}']! }, components })).not.toContain('health');
  });

  it.each([
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ type: 'string', enum: ['a', "b's"] }, String.raw`'a' | 'b\'s'`],
    [{ type: 'array', items: { type: ['number', 'null'] } }, '(number | null)[]'],
    [{ anyOf: [ref('A'), { type: 'null' }] }, "Schemas['A'] | null"],
    [{ oneOf: [ref('A'), ref('B')] }, "Schemas['A'] | Schemas['B']"],
    [{ description: 'an A', allOf: [ref('A')] }, "Schemas['A']"],
    [{ type: 'object' }, 'Record<string, unknown>'],
    [
      { type: ['object', 'null'], additionalProperties: { type: 'integer' } },
      'Record<string, number> | null',
    ],
    [
      { type: 'object', properties: { a: { type: 'string' }, 'b-c': { type: 'boolean' } }, required: ['a'] },
      "{\n    a: string;\n    'b-c'?: boolean;\n  }",
    ],
  ])('of %j are %s', (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });

  it('are not made of what nobody has thought of', () => {
    expect(() => typeOf({ const: 1 })).toThrow('no type is made of the schema {"const":1}');
    const csv = { 200: { content: { 'text/csv': { schema: { type: 'string' } } } } };
    expect(() => apiTypes(documentOf({ responses: csv }))).toThrow('no type is made of text/csv');
    expect(() => apiTypes(documentOf({ responses: { 200: {}, 202: {} } }))).toThrow('one answer of success');
  });
});
