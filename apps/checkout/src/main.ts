import { loadEnv, runMain } from '#platform';
import { CheckoutEnv } from './env.js';
import { startCheckout } from './start.js';

runMain(async () => startCheckout(loadEnv(CheckoutEnv)));
