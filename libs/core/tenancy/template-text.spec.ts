import { checkTemplateText, sampleValues } from './template-text.js';

describe('template texts', () => {
  it('accepts variables in order, each with its parameter, and a repeated one', () => {
    expect(
      checkTemplateText('Order {{1}} is on its way. Code: {{2}}. Order {{1}}!', ['order', 'code']),
    ).toEqual([]);
    expect(checkTemplateText('Thank you for your order.', [])).toEqual([]);
  });

  it('leaves the order of the variables to the language', () => {
    expect(checkTemplateText('We have {{2}} for your order {{1}}.', ['order', 'total'])).toEqual([]);
  });

  it.each([
    ['Order {{2}} has shipped.', ['order'], 'variables'],
    ['Order {{order}} has shipped.', ['order'], 'variables'],
    ['Order {{}} has shipped.', ['order'], 'variables'],
    ['Order {{1}} has shipped.', [], 'count'],
    ['Order {{1}} has shipped.', ['order', 'code'], 'count'],
    ['{{1}} has shipped.', ['order'], 'edges'],
    ['Shipped: {{1}}', ['order'], 'edges'],
  ])('refuses %j with %j by the rule %s', (body, parameters, rule) => {
    expect(checkTemplateText(body, parameters).map((p) => p.rule)).toContain(rule);
  });

  it('samples a parameter by its name', () => {
    expect(sampleValues(['tracking_code'])).toEqual(['tracking code']);
  });
});
