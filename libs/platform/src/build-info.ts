import { createRequire } from 'node:module';

/** What a process is: `/health` and the metric `waco_build_info` tell it. */
export interface BuildInfo {
  service: string;
  /** Of package.json. */
  version: string;
  /** The commit that it was built from, if `WACO_COMMIT` says. */
  commit?: string;
}

export const BUILD_INFO = Symbol('BUILD_INFO');

/*
 * Read when the process starts, from the package.json that Node resolves all `#…` imports by: the same for modules, for the
 * one file of a service and in the image. An `import` would make TypeScript copy package.json into dist, and the copy
 * would lead those imports elsewhere.
 */
const { version } = createRequire(import.meta.url)('#package') as { version: string };

/** The version of Waco: that of package.json. */
export const VERSION: string = version;

export function buildInfo(service: string, commit: string | undefined): BuildInfo {
  return { service, version: VERSION, ...(commit ? { commit } : {}) };
}
