import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { emptySubject, joinSubjects, seedOf, type PersonAlias, type PersonSubject } from '#core/tenancy';
import {
  aliasesSeen,
  contactsSeen,
  messagesSeen,
  ordersSeen,
  peopleSeen,
  proofsSeen,
  recipientsSeen,
  threadsSeen,
} from '#evidence';
import { contactsMergedInto, findPerson, findPersonItems, keysIn, keysOf, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { Merchants } from '../onboarding/merchants.js';
import { hideLinks } from '../operations/mask.js';
import { recallNames, wantedOf } from './person-items.js';

type Row = Record<string, unknown>;

export interface PersonExportDocument {
  merchantId: string;
  exportedAt: string;
  found: boolean;
  /** All names that led to what follows. */
  names: { keys: string[]; usernames: string[] };
  contacts: Row[];
  aliases: Row[];
  people: Row[];
  /** What proved that contacts are one person, also what does not hold any more. */
  proofs: Row[];
  threads: Row[];
  orders: Row[];
  recipients: Row[];
  messages: Row[];
  items: Row[];
}

/** Messages looked at in one transaction. */
const PAGE = 1_000;
/** Larger than any id. */
const NEWEST = '9223372036854775807';

/** Everything that is held on one person, whichever service holds it. */
@Injectable()
export class PersonExport {
  constructor(
    private readonly merchants: Merchants,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Links that open a payment are hidden. @throws Refusal `not_found`. */
  async of(merchantId: string, aliasOf: (country: string) => PersonAlias): Promise<PersonExportDocument> {
    const merchant = await this.merchants.find(merchantId);
    const seed = seedOf(aliasOf(merchant.country));
    const within = <T>(work: (tx: EntityManager) => Promise<T>): Promise<T> =>
      this.tenants.transaction(merchantId, work);
    const found = await within((tx) => findPerson(tx, merchantId, seed, 'views'));
    const orders = await within((tx) => ordersOf(tx, found));
    const named = orders.map(namesOf).reduce(joinSubjects, found);
    const merged = await within((tx) => contactsMergedInto(tx, merchantId, named.contactIds, 'views'));
    const known = joinSubjects(named, { ...emptySubject, contactIds: merged });
    const messages = await this.messages(merchantId, known);
    const { subject } = await recallNames(
      this.tenants,
      merchantId,
      messages.map(namesOf).reduce(joinSubjects, known),
      NEWEST,
    );
    const items = await findPersonItems(this.tenants, merchantId, wantedOf(subject, NEWEST));
    const { contactIds } = subject;
    const rows = (columns: string, table: string): Promise<Row[]> =>
      within((tx) =>
        tx.query(`SELECT ${columns} FROM ${table} WHERE contact_id = ANY ($1) ORDER BY 1, 2, 3, 4`, [
          contactIds,
        ]),
      );
    const held = {
      contacts: await rows('contact_id, channel_account_id, name, created_at, person_id', contactsSeen.name),
      aliases: await rows('contact_id, channel_account_id, kind, value, seen_at', aliasesSeen.name),
      people: await within((tx) => peopleOf(tx, contactIds)),
      proofs: await rows('contact_id, kind, scheme, value, proved_at, ended_at', proofsSeen.name),
      threads: await rows('*', threadsSeen.name),
      orders,
      recipients: await rows('*', recipientsSeen.name),
      messages,
      items: items.map((item) => ({ ...item })),
    };
    const document = {
      merchantId,
      exportedAt: this.clock.now().toISOString(),
      found: Object.values(held).some((rows) => rows.length > 0),
      names: { keys: subject.keys.toSorted(), usernames: subject.usernames.toSorted() },
      ...held,
    };
    await this.audit.note({ merchantId, action: 'person.export', target: merchantId });
    return hideLinks(document);
  }

  private async messages(merchantId: string, { contactIds, keys }: PersonSubject): Promise<Row[]> {
    const found: Row[] = [];
    for (let after: string | undefined = '0'; after !== undefined;) {
      const from: string = after;
      after = await this.tenants.transaction(merchantId, async (tx) => {
        const [end] = (await tx.query(
          `SELECT seq::text FROM ${messagesSeen.name} m WHERE merchant_id = $1 AND seq > $2
           ORDER BY m.seq OFFSET ${PAGE - 1} LIMIT 1`,
          [merchantId, from],
        )) as { seq: string }[];
        const rows = (await tx.query(
          `SELECT * FROM ${messagesSeen.name} m WHERE merchant_id = $1 AND seq > $2 AND seq <= $3
             AND (contact_id = ANY ($4) OR ${keysIn('person')} && $5)
           ORDER BY m.seq`,
          [merchantId, from, end?.seq ?? NEWEST, contactIds, keys],
        )) as Row[];
        found.push(...rows);
        return end?.seq;
      });
    }
    return found;
  }
}

function peopleOf(tx: EntityManager, contactIds: readonly string[]): Promise<Row[]> {
  return tx.query(
    `SELECT person_id, created_at FROM ${peopleSeen.name} WHERE person_id IN (
       SELECT person_id FROM ${contactsSeen.name} WHERE contact_id = ANY ($1)) ORDER BY 1`,
    [contactIds],
  );
}

function ordersOf(tx: EntityManager, { threadIds, keys }: PersonSubject): Promise<Row[]> {
  return tx.query(
    `SELECT * FROM ${ordersSeen.name}
     WHERE thread_id = ANY ($1) OR ${keysIn('person')} && $2
     ORDER BY created_at`,
    [threadIds, keys],
  );
}

/** Names and threads under which an order or a message knew its person. */
function namesOf(row: Row): PersonSubject {
  return {
    ...emptySubject,
    keys: keysOf(row.person as object),
    contactIds: typeof row.contact_id === 'string' ? [row.contact_id] : [],
    streams: typeof row.thread_stream === 'string' ? [row.thread_stream] : [],
  };
}
