import { Controller, Get, Header, Inject } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, register } from 'prom-client';
import { BUILD_INFO, type BuildInfo } from './build-info.js';

export { Counter, Gauge, Histogram } from 'prom-client';

const build = new Gauge({
  name: 'waco_build_info',
  help: 'Always 1; its labels say which build of which service this process is',
  labelNames: ['service', 'version', 'commit'],
});

let collecting = false;

/** `GET /metrics`: Prometheus text of this process. */
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(BUILD_INFO) { service, version, commit = '' }: BuildInfo) {
    build.set({ service, version, commit }, 1);
    if (!collecting) collectDefaultMetrics();
    collecting = true;
  }

  @Get()
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }
}
