/** One name by which a person is asked for. */
export type PersonAlias =
  | { kind: 'phone'; value: string }
  | { kind: 'user_id'; value: string }
  | { kind: 'username'; value: string }
  | { kind: 'contact_id'; value: string };
