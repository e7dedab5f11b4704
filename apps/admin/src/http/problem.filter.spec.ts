import { ServiceUnavailableException } from '@nestjs/common';
import { InvalidFields, Refusal, type RefusalKind } from '../refusal.js';
import { toProblem } from './problem.filter.js';
import { problem } from './problem.js';

const STATUSES: Record<RefusalKind, [status: number, title: string]> = {
  invalid: [400, 'Bad Request'],
  forbidden: [403, 'Forbidden'],
  not_found: [404, 'Not Found'],
  conflict: [409, 'Conflict'],
  changed: [412, 'Precondition Failed'],
  impossible: [422, 'Unprocessable Content'],
  version_missing: [428, 'Precondition Required'],
  unreachable: [502, 'Bad Gateway'],
};

describe('what is answered', () => {
  it.each(Object.entries(STATUSES))('to a refusal of the kind %s', (kind, [status, title]) => {
    const refusal = new Refusal(kind as RefusalKind, 'orders_open', '2 orders are not finished', {
      openOrders: 2,
    });
    expect(toProblem(refusal)).toEqual({
      type: 'about:blank',
      title,
      status,
      code: 'orders_open',
      detail: '2 orders are not finished',
      openOrders: 2,
    });
  });

  it('to fields that break rules, each field and rule', () => {
    const errors = [
      { field: 'to', rule: 'phone', detail: 'to must be one phone number' },
      { field: 'to', rule: 'isString', detail: 'to must be a string' },
      { field: 'name', rule: 'isString', detail: 'name must be a string' },
    ];
    expect(toProblem(new InvalidFields(errors))).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'validation_failed',
      detail: 'these fields break a rule: to, name',
      errors,
    });
  });

  it('to more broken rules than an answer holds: how many more there are', () => {
    const errors = Array.from({ length: 60 }, (_, i) => ({
      field: `f${i}${'x'.repeat(200)}`,
      rule: 'r'.repeat(200),
      detail: 'd'.repeat(400),
    }));
    const answer = toProblem(new InvalidFields(errors, 5));
    expect(answer.detail).toMatch(/, and 15 more$/);
    expect(answer.errors).toHaveLength(50);
    const [first] = answer.errors!;
    expect([first!.field.length, first!.rule.length, first!.detail.length]).toEqual([100, 100, 300]);
  });

  it('to what the HTTP layer says itself', () => {
    expect(toProblem(problem(429, 'rate_limited', 'too many requests of this caller'))).toMatchObject({
      status: 429,
      title: 'Too Many Requests',
      code: 'rate_limited',
    });
  });

  it('to a bug, without its message', () => {
    const bug = toProblem(new Error('SELECT secret FROM keys'));
    expect(bug).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(bug)).not.toContain('SELECT');
  });

  it('to a check of health that fails, with what is failing', () => {
    const failing = new ServiceUnavailableException({ failing: ['queue'] });
    expect(toProblem(failing)).toMatchObject({ status: 503, code: 'unavailable', failing: ['queue'] });
  });
});
