import { GraphError } from './graph-error.js';
import type { Json, RenderedTemplate, Template } from './model.js';
import { readList, readObject, readOneOf, readText } from './shape.js';

/** Limits of a template's parts, from Meta's template reference. */
const BODY = 1_024;
const HEADER = 60;
const FOOTER = 60;
const BUTTONS = 10;
const LABEL = 25;
const VARIABLE = /\{\{\s*([^{}\s]+)\s*\}\}/g;
const CATEGORIES = ['UTILITY', 'MARKETING', 'AUTHENTICATION'] as const;
const COMPONENTS = ['HEADER', 'BODY', 'FOOTER', 'BUTTONS'] as const;
const BUTTON_TYPES = ['QUICK_REPLY', 'URL', 'PHONE_NUMBER', 'COPY_CODE', 'CATALOG'] as const;

export type NewTemplate = Omit<Template, 'id' | 'wabaId' | 'status'>;

/** Names of the variables in a template's text, in order of first use. */
function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1]!))];
}

/** Checks `POST /<WABA_ID>/message_templates`. */
export function readNewTemplate(body: unknown): NewTemplate {
  const given = readObject(body, 'template', {
    required: ['name', 'language', 'category', 'components'],
    optional: ['parameter_format', 'allow_category_change', 'message_send_ttl_seconds'],
  });
  const name = readText(given.name, 'name', { max: 512, code: 100 });
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw new GraphError(100, 'Template names take lowercase letters, digits and underscores only');
  }
  const language = readText(given.language, 'language', { max: 15, code: 100 });
  if (!/^[a-z]{2,3}(_[A-Z]{2,4})?$/.test(language)) {
    throw new GraphError(100, `Language ${language} is not supported`);
  }
  const category = readOneOf(given.category, 'category', CATEGORIES);
  const format = String(given.parameter_format ?? 'POSITIONAL').toUpperCase();
  const parameterFormat = readOneOf(format, 'parameter_format', ['POSITIONAL', 'NAMED'] as const);
  const components = readList(given.components, 'components', 1, 4).map((component, i) =>
    checkComponent(component, `components[${i}]`, parameterFormat),
  );
  const types = components.map((c) => c.type);
  if (!types.includes('BODY')) throw new GraphError(100, 'A template needs a BODY component');
  if (new Set(types).size !== types.length) throw new GraphError(100, 'Duplicated component type');
  return { name, language, category, parameterFormat, components };
}

function checkComponent(value: unknown, path: string, format: Template['parameterFormat']): Json {
  const given = readObject(value, path, {
    required: ['type'],
    optional: ['text', 'format', 'example', 'buttons'],
  });
  const type = readOneOf(String(given.type).toUpperCase(), `${path}[type]`, COMPONENTS);
  switch (type) {
    case 'BODY':
      checkVariables(readText(given.text, `${path}[text]`, { max: BODY, code: 100 }), given, path, format);
      break;
    case 'FOOTER':
      if (variablesOf(readText(given.text, `${path}[text]`, { max: FOOTER, code: 100 })).length > 0) {
        throw new GraphError(100, 'A footer takes no variables');
      }
      break;
    case 'HEADER': {
      const kinds = ['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'LOCATION'] as const;
      if (readOneOf(String(given.format ?? 'TEXT').toUpperCase(), `${path}[format]`, kinds) !== 'TEXT') break;
      const text = readText(given.text, `${path}[text]`, { max: HEADER, code: 100 });
      const names = variablesOf(text);
      if (names.length > 1) throw new GraphError(100, 'A header takes at most one variable');
      if (names.length === 1 && given.example === undefined) {
        throw new GraphError(100, `${path} has a variable and no example`);
      }
      break;
    }
    case 'BUTTONS':
      readList(given.buttons, `${path}[buttons]`, 1, BUTTONS).forEach((button, i) =>
        checkButton(button, `${path}[buttons][${i}]`),
      );
      break;
  }
  return { ...given, type };
}

function checkVariables(
  text: string,
  component: Json,
  path: string,
  format: Template['parameterFormat'],
): void {
  const names = variablesOf(text);
  if (names.length === 0) return;
  const trimmed = text.trim();
  if (/^\{\{[^{}]*\}\}/.test(trimmed) || /\{\{[^{}]*\}\}$/.test(trimmed)) {
    throw new GraphError(100, `Variables can't be at the start or end of the template: ${path}`);
  }
  if (format === 'POSITIONAL' && names.some((name, i) => name !== String(i + 1))) {
    throw new GraphError(100, `Positional variables must be {{1}}, {{2}}, … in order: ${path}`);
  }
  if (format === 'NAMED' && names.some((name) => !/^[a-z][a-z0-9_]*$/.test(name))) {
    throw new GraphError(100, `Variable names take lowercase letters, digits and underscores: ${path}`);
  }
  const words = text.replace(VARIABLE, ' ').match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length < 2 * names.length + 1) {
    throw new GraphError(100, `This template has too many variables for its length: ${path}`);
  }
  if (component.example === undefined) throw new GraphError(100, `${path} has variables and no example`);
}

function checkButton(value: unknown, path: string): void {
  const button = readObject(value, path, {
    required: ['type'],
    optional: ['text', 'url', 'phone_number', 'example'],
  });
  const type = readOneOf(String(button.type).toUpperCase(), `${path}[type]`, BUTTON_TYPES);
  if (type !== 'COPY_CODE') readText(button.text, `${path}[text]`, { max: LABEL, code: 100 });
  if (type !== 'URL') return;
  const url = readText(button.url, `${path}[url]`, { max: 2_000, code: 100 });
  const names = variablesOf(url);
  if (names.length > 1 || (names.length === 1 && !/\}\}$/.test(url))) {
    throw new GraphError(100, `A button's URL takes one variable, at its end: ${path}`);
  }
  if (names.length === 1 && button.example === undefined) {
    throw new GraphError(100, `${path} has a variable and no example`);
  }
}

interface Parameter {
  name?: string;
  value: string;
}

/** Fills a template with what a send gives, refusing what does not fit it exactly. */
export function fillTemplate(template: Template, content: Json): RenderedTemplate {
  const given = (
    content.components === undefined ? [] : readList(content.components, 'components', 0, 20)
  ).map((component, i) =>
    readObject(component, `template[components][${i}]`, {
      required: ['type'],
      optional: ['sub_type', 'index', 'parameters'],
    }),
  );
  const of = (type: string) => given.find((c) => String(c.type).toLowerCase() === type);
  const part = (type: string) => template.components.find((c) => c.type === type);
  const rendered: RenderedTemplate = {
    body: fillText(String(part('BODY')?.text ?? ''), of('body'), 'body', template.parameterFormat),
    buttons: fillButtons(template, given),
  };
  const header = part('HEADER');
  if (header) {
    rendered.header = header.text
      ? fillText(String(header.text), of('header'), 'header', template.parameterFormat)
      : mediaHeader(header, of('header'));
  }
  const footer = part('FOOTER');
  if (footer) rendered.footer = String(footer.text);
  if (rendered.body.length > BODY)
    throw new GraphError(132005, `The filled body has ${rendered.body.length} characters`);
  return rendered;
}

function mediaHeader(header: Json, given: Json | undefined): string {
  const kind = String(header.format).toLowerCase();
  const first = (given?.parameters as Json[] | undefined)?.[0];
  if (!first || first.type !== kind)
    throw new GraphError(132012, `header: Format mismatch, expected ${kind}`);
  return `[${kind}]`;
}

function fillText(
  text: string,
  given: Json | undefined,
  where: string,
  format: Template['parameterFormat'],
): string {
  const names = variablesOf(text);
  const parameters = readParameters(given, where);
  if (parameters.length !== names.length) {
    throw new GraphError(
      132000,
      `${where}: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`,
    );
  }
  return text.replace(VARIABLE, (_all, name: string) => {
    const parameter =
      format === 'NAMED' ? parameters.find((p) => p.name === name) : parameters[names.indexOf(name)];
    if (!parameter) throw new GraphError(132012, `${where}: parameter_name ${name} is missing`);
    return parameter.value;
  });
}

function readParameters(given: Json | undefined, where: string): Parameter[] {
  if (given?.parameters === undefined) return [];
  return readList(given.parameters, `${where}[parameters]`, 0, 50).map((entry, i) => {
    const path = `${where}[parameters][${i}]`;
    const parameter = readObject(entry, path, { required: ['type'], optional: ['text', 'parameter_name'] });
    readOneOf(parameter.type, `${path}[type]`, ['text']);
    if (typeof parameter.text !== 'string' || parameter.text.trim() === '') {
      throw new GraphError(131008, `Parameter of type text is missing text value: ${path}`);
    }
    if (/[\n\r\t]| {5,}/.test(parameter.text)) {
      throw new GraphError(
        132018,
        'Param text cannot have new-line/tab characters or more than 4 consecutive spaces',
      );
    }
    return { value: parameter.text, name: parameter.parameter_name as string | undefined };
  });
}

function fillButtons(template: Template, given: Json[]): RenderedTemplate['buttons'] {
  const defined = (template.components.find((c) => c.type === 'BUTTONS')?.buttons ?? []) as Json[];
  const sent = given.filter((c) => String(c.type).toLowerCase() === 'button');
  for (const component of sent) {
    if (!defined[Number(component.index)]) {
      throw new GraphError(132012, `The template has no button at index ${String(component.index)}`);
    }
  }
  return defined.map((button, i) => {
    const component = sent.find((c) => Number(c.index) === i);
    const parameter = (component?.parameters as Json[] | undefined)?.[0];
    const type = String(button.type).toUpperCase();
    const text = String(button.text ?? '');
    if (type === 'URL') return { type, text, url: fillUrl(String(button.url), component, parameter, i) };
    if (type === 'QUICK_REPLY') return { type, text, payload: String(parameter?.payload ?? text) };
    return { type, text };
  });
}

function fillUrl(
  url: string,
  component: Json | undefined,
  parameter: Json | undefined,
  index: number,
): string {
  if (variablesOf(url).length === 0) {
    if (parameter) throw new GraphError(132000, `Button at index ${index} takes no parameter`);
    return url;
  }
  if (component?.sub_type !== 'url' || typeof parameter?.text !== 'string' || parameter.text === '') {
    throw new GraphError(131008, `Button at index ${index} of type Url requires a parameter`);
  }
  const value = parameter.text;
  return url.replace(VARIABLE, () => value);
}
