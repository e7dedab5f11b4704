/** What a channel allows, as facts: everything that is planned by is given these. Times are in milliseconds. */
export interface ChannelRules {
  /** Null: a message may go out at any time. */
  window: WindowRules | null;
  /** What may be sent to somebody whose window is closed. */
  outsideWindow: 'template' | 'nothing';
  /** Null: one person may be sent as much as another. */
  pair: PairRules | null;
  throughput: ThroughputRules;
  /** Null: the channel has no templates. */
  templates: TemplateRules | null;
  /**
   * A send is made once however often it is called with the same message id. Then a lost answer is met with the same call
   * again.
   */
  idempotentSends: boolean;
  /**
   * The phone number that comes with a message is the writer's at that time: the channel has proved it. Then it tells that
   * contacts on two accounts are one person.
   */
  verifiesPhone: boolean;
  /** What the refusal of a message counts as when the channel names no code. */
  codeOfNone: number;
  limits: ChannelLimits;
}

/** The service window: how long after a person's last message anything may be said to them. */
export interface WindowRules {
  lengthMs: number;
  /** Taken off its end: a message is on its way for a while. */
  marginMs: number;
}

/** How much one sender may send to one person. */
export interface PairRules {
  /** One message is given back after this long. */
  refillMs: number;
  /** Messages that may be borrowed from the future. */
  burst: number;
  /** Added to a wait: the channel counts a message when it arrives, a little after we count it. */
  marginMs: number;
  /** How long nothing is sent after a refusal: `firstMs`, times `factor` for each refusal before it. */
  hold: { firstMs: number; factor: number; mostMs: number };
}

/** Messages a second that one sender may send. */
export interface ThroughputRules {
  usual: number;
  most: number;
}

export interface TemplateRules {
  /** The channel's words for a template that may be sent. */
  sendable: readonly string[];
  /** What a refusal says of the template it was sent with. */
  paused: TemplateSetAside;
  disabled: TemplateSetAside;
  mismatched: TemplateSetAside;
}

export interface TemplateSetAside {
  /** The state that it is in from now on. */
  state: string;
  /** After so long it may be tried again; null: not before the channel says so. */
  recheckMs: number | null;
}

/** The longest texts, in UTF-16 units, and the most of everything. Null: the channel has nothing of the kind. */
export interface ChannelLimits {
  text: number;
  /** The text beside something that can be tapped. */
  body: number;
  header: number | null;
  footer: number | null;
  url: number;
  list: {
    button: number;
    /** Over all sections. */
    rows: number;
    sectionTitle: number;
    id: number;
    title: number;
    description: number;
  } | null;
  buttons: { count: number; id: number; title: number; image: boolean } | null;
  link: { label: number } | null;
  product: { id: number } | null;
  /** A template's body once its variables are filled. */
  filledTemplate: number | null;
}
