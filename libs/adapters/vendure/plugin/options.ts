export interface WacoPluginOptions {
  /** Where Waco wants to be told of changes. Without it, nothing is sent. */
  webhook?: { url: string; secret: string };
}

export const WACO_OPTIONS = Symbol('WACO_OPTIONS');
