import { changeIdentity, QUEUES, type ChangeIdentityPayload } from '#contracts';
import { emptySubject, joinSubjects, type PersonSubject } from '#core/tenancy';
import { findPersonItems, keysOf, nameStreams, type Tenants, type Wanted } from '#persistence';

/** Items of these queues carry what is searched for themselves. */
const SEARCHES = Object.values(QUEUES)
  .map((queue) => queue.name)
  .filter((name) => name.endsWith('-data'));

export const wantedOf = (subject: PersonSubject, upTo: string): Wanted => ({
  subject,
  upTo,
  notOf: SEARCHES,
});

/**
 * The subject with the names that the person had before, as far as the journal still tells: a number that was given up
 * is no alias any more. Also the ids of the items that tell it.
 */
export async function recallNames(
  tenants: Tenants,
  merchantId: string,
  known: PersonSubject,
  upTo: string,
): Promise<{ subject: PersonSubject; changes: string[] }> {
  let subject = known;
  for (;;) {
    const named = await tenants.transaction(merchantId, (tx) =>
      nameStreams(tx, merchantId, 'views', subject),
    );
    const items = await findPersonItems(tenants, merchantId, wantedOf(named, upTo), changeIdentity.name);
    subject = items
      .map((item) => namesIn(item.payload as Partial<ChangeIdentityPayload>))
      .reduce(joinSubjects, named);
    if (subject.keys.length === named.keys.length) {
      return { subject: named, changes: items.map((item) => item.id) };
    }
  }
}

function namesIn({ previous, current }: Partial<ChangeIdentityPayload>): PersonSubject {
  const keys = [previous, current].flatMap((person) => (person ? keysOf(person) : []));
  return { ...emptySubject, keys };
}
