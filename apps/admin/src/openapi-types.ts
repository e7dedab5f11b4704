/** What the admin API uses of JSON Schema, and types are made of. What else a schema says, is for readers or checked by the API. */
interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | true;
}

interface Parameter {
  in: string;
  name: string;
  required?: boolean;
  schema: Schema;
}

interface Body {
  content?: Record<string, { schema: Schema }>;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: Body;
  responses: Record<string, Body>;
}

/** What is read of an OpenAPI document. */
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Field {
  name: string;
  type: string;
  required?: boolean;
}

const HEAD = '// Written by `npm run openapi`, together with docs/openapi.json. Do not change it by hand.';
const CALLS =
  '/** By method and path: what is in the path, the query, the body and If-Match, and what is answered. */';
/** A `GET` of lines of JSON is taken as it comes. It stands beside the methods, as `download`. */
const LINES = 'application/x-ndjson';

/**
 * The text of `apps/admin/src/cli/api.gen.ts`: what each call takes and answers, as TypeScript.
 * @throws Error for what the document has and no type is made of.
 */
export function apiTypes({ paths, components }: ApiDocument): string {
  const schemas = Object.entries(components.schemas).map(([name, schema]) => `  ${name}: ${typeOf(schema)};`);
  const calls: Record<string, string[]> = {};
  for (const [path, methods] of Object.entries(paths).filter(([path]) => path.startsWith('/v1/'))) {
    for (const [method, operation] of Object.entries(methods)) {
      const group = successOf(operation).content?.[LINES] ? 'download' : method;
      (calls[group] ??= []).push(`    ${quoted(path)}: ${callOf(operation)};`);
    }
  }
  const groups = Object.entries(calls).map(([group, lines]) => `  ${group}: {\n${lines.join('\n')}\n  };`);
  return `${HEAD}

export interface Schemas {
${schemas.join('\n')}
}

${CALLS}
export interface Calls {
${groups.join('\n')}
}
`;
}

function callOf(operation: Operation): string {
  const { parameters = [], requestBody } = operation;
  const fields: Field[] = [];
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  if (inPath.length > 0) fields.push({ name: 'path', type: parametersOf(inPath), required: true });
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  if (inQuery.length > 0) fields.push({ name: 'query', type: parametersOf(inQuery) });
  if (requestBody) fields.push({ name: 'body', type: contentOf(requestBody), required: true });
  const ifMatch = parameters.find(({ name }) => name === 'If-Match');
  if (ifMatch) fields.push({ name: 'etag', type: 'string', required: ifMatch.required });
  fields.push({ name: 'answer', type: contentOf(successOf(operation)), required: true });
  return `{ ${fields.map(fieldOf).join(' ')} }`;
}

function parametersOf(parameters: readonly Parameter[]): string {
  const fields = parameters.map(({ name, required, schema }) => ({ name, required, type: typeOf(schema) }));
  return `{ ${fields.map(fieldOf).join(' ')} }`;
}

function successOf({ responses }: Operation): Body {
  const found = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  if (found.length !== 1) throw new Error('a call has one answer of success, not none or several');
  return found[0]![1];
}

/** An answer without content, a 204, is `undefined`. */
function contentOf({ content }: Body): string {
  if (content === undefined) return 'undefined';
  const known = content['application/json'] ?? content[LINES];
  if (!known) throw new Error(`no type is made of ${Object.keys(content).join(', ')}`);
  return typeOf(known.schema);
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return `Schemas[${quoted(schema.$ref.split('/').at(-1)!)}]`;
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ');
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return either.map(typeOf).join(' | ');
  return [schema.type]
    .flat()
    .map((type) => plainTypeOf(type, schema))
    .join(' | ');
}

function plainTypeOf(type: string | undefined, schema: Schema): string {
  switch (type) {
    case 'string':
      return schema.enum ? schema.enum.map(quoted).join(' | ') : 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
    case 'null':
      return type;
    case 'array':
      return `(${typeOf(schema.items ?? {})})[]`;
    case 'object':
      return objectOf(schema);
    default:
      throw new Error(`no type is made of the schema ${JSON.stringify(schema)}`);
  }
}

function objectOf({ properties, required = [], additionalProperties = true }: Schema): string {
  if (!properties) {
    return `Record<string, ${additionalProperties === true ? 'unknown' : typeOf(additionalProperties)}>`;
  }
  const fields = Object.entries(properties).map(([name, schema]) =>
    fieldOf({ name, type: typeOf(schema), required: required.includes(name) }),
  );
  return `{\n${fields.map((field) => `    ${field}\n`).join('')}  }`;
}

function fieldOf({ name, type, required }: Field): string {
  return `${/^\w+$/.test(name) ? name : quoted(name)}${required ? '' : '?'}: ${type};`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
