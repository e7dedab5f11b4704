import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const FILE = new URL('../../../libs/adapters/rest-store/store-contract.openapi.yaml', import.meta.url);

interface Contract {
  /** What is wrong with an answer of `operation` (`GET /v1/products`), if anything. */
  faultsOf(operation: string, answer: { status: number; headers: Headers; body: unknown }): string[];
  /** What is wrong with a webhook's body, if anything. */
  faultsOfEvent(event: { type: string }): string[];
}

interface Node {
  [key: string]: Node;
}

export function loadContract(): Contract {
  const document = parse(readFileSync(FILE, 'utf8'), { merge: true }) as Node;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'contract', ...document });
  const check = (pointer: string, value: unknown): string[] => {
    const validate = ajv.getSchema(`contract#${pointer}`);
    if (!validate) return [`the contract has nothing at ${pointer}`];
    return validate(value) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
  };
  const follow = (node: Node | undefined, pointer: string): [Node | undefined, string] => {
    const reference = node?.['$ref'] as string | undefined;
    if (!reference) return [node, pointer];
    const path = reference.slice(2).split('/');
    return [path.reduce<Node | undefined>((at, part) => at?.[part], document), reference.slice(1)];
  };
  return {
    faultsOf(operation, { status, headers, body }) {
      const [method, path] = operation.split(' ') as [string, string];
      const start = `/paths/${path.replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${status}`;
      const declared = document['paths']?.[path]?.[method.toLowerCase()]?.['responses']?.[status];
      const [response, pointer] = follow(declared, start);
      if (!response) return [`${operation} does not answer ${status}`];
      const type = (headers.get('content-type') ?? '').split(';')[0]!;
      if (!response['content']?.[type]) return [`${operation} ${status} is not sent as ${type}`];
      return check(
        `${pointer}/content/${type.replaceAll('/', '~1')}/schema`
          .replaceAll('{', '%7B')
          .replaceAll('}', '%7D'),
        body,
      );
    },
    faultsOfEvent(event) {
      return check(`/webhooks/${event.type}/post/requestBody/content/application~1json/schema`, event);
    },
  };
}
