/** A rule of template texts that a text breaks, in plain words. */
export type TemplateProblem = { field: 'body' | 'parameters'; rule: string; detail: string };

const VARIABLE = /\{\{\s*([^{}\s]*)\s*\}\}/g;

/**
 * Checks a template's text against its parameters by Meta's rules: variables are numbered {{1}}, {{2}}, … without a
 * gap (a language may need them in another order), none stands at the very start or end, and each is filled by one named parameter.
 * Source: developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
 */
export function checkTemplateText(body: string, parameters: readonly string[]): TemplateProblem[] {
  const names = [...body.matchAll(VARIABLE)].map((m) => m[1]!);
  const distinct = [...new Set(names)];
  const problems: TemplateProblem[] = [];
  if (distinct.some((name) => !/^[1-9]\d*$/.test(name) || Number(name) > distinct.length)) {
    problems.push({
      field: 'body',
      rule: 'variables',
      detail: 'variables must be {{1}}, {{2}}, … without a gap',
    });
  } else if (distinct.length !== parameters.length) {
    problems.push({
      field: 'parameters',
      rule: 'count',
      detail: `the body has ${distinct.length} variables and parameters names ${parameters.length}`,
    });
  }
  const text = body.trim();
  if (text.startsWith('{{') || text.endsWith('}}')) {
    problems.push({
      field: 'body',
      rule: 'edges',
      detail: 'a variable must not stand at the very start or end of the body',
    });
  }
  return problems;
}

/** Sample values that Meta wants with a template that has variables: the parameters' names in plain words. */
export function sampleValues(parameters: readonly string[]): string[] {
  return parameters.map((name) => name.replaceAll('_', ' '));
}
