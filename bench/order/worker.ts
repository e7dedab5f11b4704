import { Controller, Module } from '@nestjs/common';
import { connectJobs, JobHandler, type OrderedContext } from '#queue';
import { done, type JobOutcome } from '#contracts';
import { later } from '#persistence';
import { bootService, loadEnv, runMain, ServiceEnv } from '#platform';
import { serviceModules } from '#service';
import { applyLine, LinePayload } from './line.js';

/** The queue library as a service has it, with a handler that does nothing but write down what it was given. */
@Controller()
class Lines {
  @JobHandler(applyLine)
  apply({ thread, sequence }: LinePayload, { tx }: OrderedContext): Promise<JobOutcome> {
    later(tx, 'INSERT INTO bench.applied (thread, sequence) VALUES ($1, $2)', [thread, sequence]);
    return Promise.resolve(done);
  }
}

runMain(async () => {
  const env = loadEnv(ServiceEnv);
  @Module({ imports: serviceModules({ service: 'outbound', env, entities: [] }), controllers: [Lines] })
  class Worker {}
  return bootService({
    service: 'outbound',
    module: Worker,
    env,
    configure: (app) => connectJobs(app, 'outbound', { contracts: [applyLine] }),
  });
});
