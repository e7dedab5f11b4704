import { Controller, Get, Header } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';

let collecting = false;

/** `GET /metrics`: Prometheus text of this process. */
@Controller('metrics')
export class MetricsController {
  constructor() {
    if (!collecting) collectDefaultMetrics();
    collecting = true;
  }

  @Get()
  @Header('content-type', register.contentType)
  metrics(): Promise<string> {
    return register.metrics();
  }
}
