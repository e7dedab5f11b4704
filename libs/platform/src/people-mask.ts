/** A thread's stream ends in the person's number or user id. */
const THREAD = /\b(thread\/[^/\s"\\]+\/)([^\s"\\,)\]}]+)/g;
/** Fields of JSON that hold a person's number, user id or user name; in text within text the quotes are escaped. */
const FIELDS =
  /(\\?"(?:wa_?id|user_?id|parent_?user_?id|user_?name|phones?|phone_?number|recipient_?id|from|to|msisdn|mobile)\\?"\s*:\s*\\?")([^"\\]{3,})/gi;
/** An alias of a person, as `JSON.stringify` gives it, and as PostgreSQL orders the fields of `jsonb`. */
const ALIASES =
  /(\\?"scheme\\?"\s*:\s*\\?"[a-z0-9_]+\\?"\s*,\s*\\?"value\\?"\s*:\s*\\?"|\\?"value\\?"\s*:\s*\\?"(?=[^"\\]*\\?"\s*,\s*\\?"scheme\\?"))([^"\\]{3,})/g;
/** A number with its plus, as people write it. */
const WRITTEN = /\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)/g;
/** A number without, in a sentence: platforms' error texts quote them so. Ids stand in fields that say so. */
const BARE = /(?<![\w.+/•-]|[iI]d\\?":\s?\\?")\d{10,15}(?![\w.]|-\d)/g;

/**
 * Masks what identifies a person in a line for logs and dashboards: the last two characters stay, so that two lines
 * about one person may be told from two about others, and no number can be called or looked up.
 */
export function maskPeople(line: string): string {
  return line
    .replace(FIELDS, (_all, field: string, value: string) => field + hide(value))
    .replace(ALIASES, (_all, field: string, value: string) => field + hide(value))
    .replace(THREAD, (_all, stream: string, person: string) => stream + hide(person))
    .replace(WRITTEN, hide)
    .replace(BARE, hide);
}

function hide(text: string): string {
  return text.startsWith('•••') ? text : `•••${text.slice(-2)}`;
}
