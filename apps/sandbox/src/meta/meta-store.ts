import { Injectable } from '@nestjs/common';
import { newId } from '#platform';
import { Documents, type Collection } from '../world/documents.js';
import type { Customer, LedgerEntry, MetaApp, Page, PhoneNumber, Template, Waba } from './model.js';
import { userIdFor } from './wire.js';

export interface MetaSettings {
  /** Outside the window a free-form send is refused at once, or accepted and failed by a status. */
  windowErrorMode: 'sync' | 'async';
  /** Real milliseconds from acceptance to `sent`. */
  sentAfterMs: number;
  /** Real milliseconds from `sent` to `delivered`. */
  deliveredAfterMs: number;
}

const DEFAULT_SETTINGS: MetaSettings = { windowErrorMode: 'sync', sentAfterMs: 10, deliveredAfterMs: 80 };

/** Accounts, templates and people. Indexes stand beside the documents so that a look-up never scans people. */
@Injectable()
export class MetaStore {
  readonly apps: Collection<MetaApp>;
  readonly wabas: Collection<Waba>;
  readonly templates: Collection<Template>;
  readonly pages: Collection<Page>;
  private readonly people: Collection<Customer>;
  private readonly ledgerEntries: Collection<LedgerEntry>;
  private readonly settingsDocs: Collection<MetaSettings>;
  private readonly byPhone = new Map<string, string>();
  private readonly byUserId = new Map<string, Map<string, string>>();

  constructor(documents: Documents) {
    this.apps = documents.collection('meta.apps');
    this.wabas = documents.collection('meta.wabas');
    this.templates = documents.collection('meta.templates');
    this.pages = documents.collection('meta.pages');
    this.people = documents.collection('meta.customers');
    this.ledgerEntries = documents.collection('meta.ledger');
    this.settingsDocs = documents.collection('meta.settings');
    for (const customer of this.people.all()) this.byPhone.set(customer.phone, customer.customerId);
  }

  get settings(): MetaSettings {
    return this.settingsDocs.get('settings') ?? DEFAULT_SETTINGS;
  }

  set settings(settings: MetaSettings) {
    this.settingsDocs.put('settings', settings);
  }

  accountOf(phoneNumberId: string): { waba: Waba; number: PhoneNumber } | undefined {
    for (const waba of this.wabas.all()) {
      const number = waba.phoneNumbers.find((n) => n.id === phoneNumberId);
      if (number) return { waba, number };
    }
    return undefined;
  }

  templatesOf(wabaId: string): Template[] {
    return this.templates.all().filter((t) => t.wabaId === wabaId);
  }

  template(wabaId: string, name: string, language: string): Template | undefined {
    return this.templates.get(templateKey(wabaId, name, language));
  }

  putTemplate(template: Template): void {
    this.templates.put(templateKey(template.wabaId, template.name, template.language), template);
  }

  deleteTemplate({ wabaId, name, language }: Template): void {
    this.templates.delete(templateKey(wabaId, name, language));
  }

  customers(): Customer[] {
    return this.people.all();
  }

  customer(customerId: string): Customer | undefined {
    return this.people.get(customerId);
  }

  putCustomer(customer: Customer): void {
    const before = this.people.get(customer.customerId);
    if (before) this.byPhone.delete(before.phone);
    this.people.put(customer.customerId, customer);
    this.byPhone.set(customer.phone, customer.customerId);
    for (const [portfolioId, ids] of this.byUserId)
      ids.set(userIdFor(customer, portfolioId), customer.customerId);
  }

  customerByPhone(digits: string): Customer | undefined {
    const id = this.byPhone.get(digits);
    return id === undefined ? undefined : this.people.get(id);
  }

  customerByUserId(portfolioId: string, userId: string): Customer | undefined {
    let ids = this.byUserId.get(portfolioId);
    if (!ids) {
      ids = new Map(this.people.all().map((c) => [userIdFor(c, portfolioId), c.customerId]));
      this.byUserId.set(portfolioId, ids);
    }
    const id = ids.get(userId);
    return id === undefined ? undefined : this.people.get(id);
  }

  record(entry: LedgerEntry): void {
    this.ledgerEntries.put(newId('led'), entry);
  }

  ledger(): LedgerEntry[] {
    return this.ledgerEntries.all();
  }
}

function templateKey(wabaId: string, name: string, language: string): string {
  return `${wabaId}/${name}/${language}`;
}
