declare const VALUE: unique symbol;

/** A column of a view: its type in PostgreSQL and, as `T`, what a reader is given. */
export interface Column<T = unknown> {
  /** As `format_type` writes it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly [VALUE]?: T;
}

/** What a service shows of a table of its own. */
export interface SeenView<C extends Record<string, Column> = Record<string, Column>> {
  /** With its schema: `checkout.orders_seen`. */
  readonly name: `${string}_seen`;
  readonly columns: C;
}

export function seenView<C extends Record<string, Column>>(name: `${string}_seen`, columns: C): SeenView<C> {
  return { name, columns };
}

/** A row of the view, as a query gives it. */
export type RowOf<V extends SeenView> = {
  [K in keyof V['columns']]: V['columns'][K] extends Column<infer T> ? T : never;
};

type Camel<S extends string> = S extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : S;

/** A row under the names that code has: `order_ref` is `orderRef`. */
export type Named<Row> = { [K in keyof Row & string as Camel<K>]: Row[K] };

/** SQL of these columns under the names that code has; `from` is what the query calls the view, if it gives it a name. */
export function named(columns: readonly string[], from?: string): string {
  const camel = (column: string) => column.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const place = from === undefined ? '' : `${from}.`;
  return columns.map((column) => `${place}${column} AS "${camel(column)}"`).join(', ');
}

function column<T>(type: string): Column<T> {
  return { type, nullable: false };
}

export const text = <T extends string = string>(): Column<T> => column('text');
export const texts = (): Column<string[]> => column('text[]');
export const currency = (): Column<string> => column('character(3)');
export const smallint = (): Column<number> => column('smallint');
export const integer = (): Column<number> => column('integer');
/** Comes as a text: a number of JavaScript does not hold all of it. */
export const bigint = (): Column<string> => column('bigint');
export const double = (): Column<number> => column('double precision');
export const boolean = (): Column<boolean> => column('boolean');
export const moment = (): Column<Date> => column('timestamp with time zone');
/** A moment or `-infinity`, which comes as the number of that name. */
export const momentOrEver = (): Column<Date | number> => column('timestamp with time zone');
export const json = <T = unknown>(): Column<T> => column('json');
export const jsonb = <T = unknown>(): Column<T> => column('jsonb');

export function orNull<T>({ type }: Column<T>): Column<T | null> {
  return { type, nullable: true };
}
