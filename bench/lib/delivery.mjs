/**
 * @throws Error saying how much of `acknowledged` is not in `stored`, how much is there that nobody acknowledged, and how
 *   much is there twice.
 */
export function checkSame(acknowledged, stored) {
  const [said, kept] = [new Set(acknowledged), new Set(stored)];
  const lost = [...said].filter((id) => !kept.has(id)).length;
  const unasked = [...kept].filter((id) => !said.has(id)).length;
  const doubled = stored.length - kept.size;
  if (lost + unasked + doubled === 0) return;
  throw new Error(
    `of ${said.size} acknowledged: ${lost} lost, ${doubled} doubled, ${unasked} never acknowledged`,
  );
}

/** What the jobs that wait in a BullMQ queue carry, those behind others too. `key`: prefix and name as BullMQ joins them. */
export async function waitingJobs(redis, key) {
  const ids = [
    ...(await redis.lrange(`${key}:wait`, 0, -1)),
    ...(await redis.zrange(`${key}:prioritized`, 0, -1)),
  ];
  const jobs = [];
  for (let i = 0; i < ids.length; i += 5_000) {
    const pipeline = redis.pipeline();
    for (const id of ids.slice(i, i + 5_000)) pipeline.hget(`${key}:${id}`, 'data');
    for (const [error, data] of await pipeline.exec()) {
      if (error) throw error;
      jobs.push(JSON.parse(data));
    }
  }
  return jobs;
}
