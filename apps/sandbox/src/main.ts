import { loadEnv, runMain } from '#platform';
import { SandboxEnv } from './env.js';
import { startSandbox } from './start.js';

runMain(() => startSandbox(loadEnv(SandboxEnv)));
