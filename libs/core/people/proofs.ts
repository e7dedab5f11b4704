import { formsOf } from '../messaging/index.js';

/**
 * What proves that contacts are one person. `verified_phone`: channels that verify the number of who writes give the same one.
 * `same_user_id`: they gave the same number, and one channel the same user id; it holds when the number passes on.
 * `signed_identity`: the merchant's own site has signed who somebody is. `confirmation`: somebody has confirmed on one channel
 * what they were given on another.
 */
export const PROOF_KINDS = ['verified_phone', 'same_user_id', 'signed_identity', 'confirmation'] as const;
export type ProofKind = (typeof PROOF_KINDS)[number];

/** Contacts of one merchant with the same proof are one person. */
export interface Proof {
  kind: ProofKind;
  scheme: string;
  value: string;
}

/** One proof for all forms of a number. */
export function phoneProof(phone: string): Proof {
  return { kind: 'verified_phone', scheme: 'phone', value: formsOf(phone)[0]! };
}

/** Two channels may give the same id to two people. */
export function userIdProof(channel: string, userId: string): Proof {
  return { kind: 'same_user_id', scheme: 'user_id', value: `${channel}/${userId}` };
}

export interface Proved extends Proof {
  contactId: string;
}

/** The contacts of each person: those that share a proof, directly or by way of others. Who shares none is in no group. */
export function groupsOf(proved: readonly Proved[]): string[][] {
  const groups: { contacts: Set<string>; proofs: Set<string> }[] = [];
  for (const { contactId, kind, scheme, value } of proved) {
    const proof = JSON.stringify([kind, scheme, value]);
    const joined = groups.filter((g) => g.contacts.has(contactId) || g.proofs.has(proof));
    const group = joined[0] ?? { contacts: new Set(), proofs: new Set() };
    for (const other of joined.slice(1)) {
      for (const id of other.contacts) group.contacts.add(id);
      for (const one of other.proofs) group.proofs.add(one);
      groups.splice(groups.indexOf(other), 1);
    }
    group.contacts.add(contactId);
    group.proofs.add(proof);
    if (joined.length === 0) groups.push(group);
  }
  return groups.filter(({ contacts }) => contacts.size > 1).map(({ contacts }) => [...contacts].toSorted());
}
