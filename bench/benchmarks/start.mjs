import { join } from 'node:path';
import { ROOT } from '../../deploy/local/settings.mjs';
import { median } from '../lib/compare.mjs';
import { startFleet } from '../lib/fleet.mjs';
import { cpuMs } from '../lib/servers.mjs';
import { sum } from '../lib/usage.mjs';

const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);

export default {
  name: 'start',
  about: 'services from their start until they are ready, as one file each beside their modules',
  repetitions: 5,
  open,
  comparisons: {
    'CPU of one file, of that of its modules': { figure: 'CPU ms', side: 'one file', beside: 'modules' },
    'time of one file, of that of its modules': { figure: 'ready ms', side: 'one file', beside: 'modules' },
  },
  goals: [],
};

/** The six services, one after the other while nothing else is done; the first two figures are of the middle one. */
async function open() {
  const fleet = await startFleet({ portBase: PORT_BASE, merchants: 1 });
  const { sandbox: _, ...services } = fleet.stack.processes;
  const startAll = (mainOf) => async () => {
    const ready = [];
    const cpu = [];
    for (const service of Object.values(services)) {
      await service.kill();
      service.main = join(ROOT, 'dist', 'apps', service.name, mainOf);
      const from = performance.now();
      service.start();
      await service.untilReady();
      ready.push(performance.now() - from);
      cpu.push(cpuMs(service.child.pid));
    }
    return { 'ready ms': median(ready), 'CPU ms': median(cpu), 'CPU ms of all six': sum(cpu) };
  };
  return {
    sides: { 'one file': startAll('main.js'), modules: startAll(join('src', 'main.js')) },
    close: () => fleet.stop(),
  };
}
