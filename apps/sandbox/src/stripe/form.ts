export type FormValue = string | FormValue[] | FormObject;

export interface FormObject {
  [key: string]: FormValue;
}

const DEEPEST = 12;

/**
 * Reads the nested form encoding of Stripe's API: `line_items[0][price_data][currency]=aed&expand[]=charge`.
 * Objects whose keys are all numbers become arrays, in the order of the numbers.
 */
export function parseForm(text: string): FormObject {
  const root: FormObject = Object.create(null) as FormObject;
  for (const [name, value] of new URLSearchParams(text)) put(root, pathOf(name), value);
  return arrays(root) as FormObject;
}

function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0) return [name];
  const inner = [...name.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]!);
  return [name.slice(0, open), ...inner].slice(0, DEEPEST);
}

function put(root: FormObject, path: string[], value: string): void {
  let at = root;
  path.forEach((part, depth) => {
    const key = part === '' ? String(Object.keys(at).length) : part;
    if (depth === path.length - 1) {
      at[key] = value;
      return;
    }
    const next = at[key];
    at = (typeof next === 'object' ? next : (at[key] = Object.create(null) as FormObject)) as FormObject;
  });
}

function arrays(value: FormValue): FormValue {
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) {
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => arrays(value[key]!));
  }
  for (const key of keys) value[key] = arrays(value[key]!);
  return value;
}
