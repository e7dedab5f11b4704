// Written by `npm run openapi`, together with docs/openapi.json. Do not change it by hand.

export interface Schemas {
  FieldProblem: {
    field: string;
    rule: string;
    detail: string;
  };
  Problem: {
    type: string;
    title: string;
    status: number;
    code: string;
    detail: string;
    errors?: (Schemas['FieldProblem'])[];
  };
  CreateMerchant: {
    name: string;
    slug: string;
    country: string;
    currency: string;
    language: string;
  };
  MerchantView: {
    merchantId: string;
    slug: string;
    name: string;
    status: 'active' | 'suspended' | 'closed';
    statusReason: string | null;
    country: string;
    currency: string;
    language: string;
    createdAt: string;
    updatedAt: string;
  };
  MerchantPage: {
    items: (Schemas['MerchantView'])[];
    nextCursor: string | null;
  };
  UpdateMerchant: {
    name?: string;
    country?: string;
    currency?: string;
    language?: string;
  };
  SuspendMerchant: {
    reason: string;
  };
  CloseMerchant: {
    reason: string;
    force?: boolean;
    eraseAfterDays?: number;
  };
  PaymentRouteDto: {
    country?: string;
    currency?: string;
    provider: string;
  };
  PaymentSettings: {
    routes: (Schemas['PaymentRouteDto'])[];
  };
  CourierDto: {
    code: string;
    name: string;
    trackingUrl?: string;
    countries?: (string)[];
  };
  LanguageSettings: {
    first: string;
    others: (string)[];
  };
  OpenHours: {
    day: 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';
    from: string;
    to: string;
  };
  BusinessHoursDto: {
    timeZone: string;
    open: (Schemas['OpenHours'])[];
    closedOn?: (string)[];
  };
  LimitSettings: {
    messagesPerDay?: number;
    openOrdersPerCustomer?: number;
    maxOrderMinor?: number;
  };
  BudgetSettings: {
    currency: string;
    messagingMinorPerMonth?: number;
    modelMinorPerMonth?: number;
  };
  StaffMemberDto: {
    name: string;
    email?: string;
    phone?: string;
    languages?: (string)[];
  };
  RetentionSettingsDto: {
    chats?: number;
    orders?: number;
    journal?: number;
  };
  SettingsDto: {
    payments?: Schemas['PaymentSettings'];
    couriers?: (Schemas['CourierDto'])[];
    languages?: Schemas['LanguageSettings'];
    regions?: (string)[];
    businessHours?: Schemas['BusinessHoursDto'];
    limits?: Schemas['LimitSettings'];
    budgets?: Schemas['BudgetSettings'];
    staff?: (Schemas['StaffMemberDto'])[];
    retention?: Schemas['RetentionSettingsDto'];
  };
  VendorFieldView: {
    name: string;
    label: string;
    help?: string;
    example?: string;
    secret: boolean;
    kind: 'text' | 'url' | 'name';
    optional: boolean;
    pattern: string;
    flags: string;
    rule: string;
  };
  VendorView: {
    port: 'channel' | 'store' | 'payment';
    kind: string;
    displayName: string;
    fields: (Schemas['VendorFieldView'])[];
    capabilities: (string)[];
    webhookRoutes: (string)[];
  };
  VendorList: {
    items: (Schemas['VendorView'])[];
    nextCursor: string | null;
  };
  ConnectWhatsapp: {
    enabled?: boolean;
    messagesPerSecond?: number;
    businessAccountId: string;
    phoneNumberId: string;
    displayPhoneNumber: string;
    accessToken: string;
    catalogId?: string;
  };
  ConnectDialog360: {
    enabled?: boolean;
    messagesPerSecond?: number;
    overlapHours?: number;
    businessAccountId: string;
    phoneNumberId: string;
    displayPhoneNumber: string;
    apiKey: string;
    webhookSecret: string;
    catalogId?: string;
  };
  ConnectMessenger: {
    enabled?: boolean;
    pageId: string;
    displayName: string;
    accessToken: string;
  };
  ConnectInstagram: {
    enabled?: boolean;
    pageId: string;
    instagramAccountId: string;
    displayName: string;
    accessToken: string;
  };
  UpdateWhatsapp: {
    enabled?: boolean;
    messagesPerSecond?: number;
    displayName?: string;
    accessToken?: string;
    catalogId?: string;
  };
  UpdateDialog360: {
    enabled?: boolean;
    messagesPerSecond?: number;
    overlapHours?: number;
    displayName?: string;
    apiKey?: string;
    webhookSecret?: string;
    catalogId?: string;
  };
  UpdateMessenger: {
    enabled?: boolean;
    displayName?: string;
    accessToken?: string;
  };
  UpdateInstagram: {
    enabled?: boolean;
    displayName?: string;
    accessToken?: string;
  };
  WhatsappAccountView: {
    id: string;
    kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram';
    accountId: string;
    senderId: string;
    displayName: string;
    catalogId: string | null;
    messagesPerSecond: number;
    enabled: boolean;
    webhookUrl: string | null;
    verifiedAt: string | null;
    releasedAt: string | null;
    accessToken: 'set';
  };
  Dialog360AccountView: {
    id: string;
    kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram';
    accountId: string;
    senderId: string;
    displayName: string;
    catalogId: string | null;
    messagesPerSecond: number;
    enabled: boolean;
    webhookUrl: string | null;
    verifiedAt: string | null;
    releasedAt: string | null;
    apiKey: 'set';
    webhookSecret: 'set';
  };
  MessengerAccountView: {
    id: string;
    kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram';
    accountId: string;
    senderId: string;
    displayName: string;
    catalogId: string | null;
    messagesPerSecond: number;
    enabled: boolean;
    webhookUrl: string | null;
    verifiedAt: string | null;
    releasedAt: string | null;
    accessToken: 'set';
  };
  InstagramAccountView: {
    id: string;
    kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram';
    accountId: string;
    senderId: string;
    displayName: string;
    catalogId: string | null;
    messagesPerSecond: number;
    enabled: boolean;
    webhookUrl: string | null;
    verifiedAt: string | null;
    releasedAt: string | null;
    accessToken: 'set';
  };
  ChannelAccountPage: {
    items: (Schemas['WhatsappAccountView'] | Schemas['Dialog360AccountView'] | Schemas['MessengerAccountView'] | Schemas['InstagramAccountView'])[];
    nextCursor: string | null;
  };
  ConnectionTestView: {
    ok: boolean;
    why: string | null;
    testedAt: string;
  };
  SubscriptionView: {
    subscribed: 'yes' | 'no' | 'unknown';
    why: string | null;
  };
  MetaAppView: {
    id: string;
    app: string;
    appSecret: 'set';
    verifyToken: 'set';
    webhookUrl: string;
    createdAt: string;
    updatedAt: string;
  };
  MetaAppPage: {
    items: (Schemas['MetaAppView'])[];
    nextCursor: string | null;
  };
  PutMetaApp: {
    appSecret: string;
    verifyToken: string;
    overlapHours?: number;
  };
  PutRestStore: {
    kind?: 'rest' | 'vendure';
    region: string;
    maxAgeSeconds?: number;
    overlapHours?: number;
    baseUrl: string;
    apiKey: string;
    webhookSecret: string;
  };
  PutVendureStore: {
    kind?: 'rest' | 'vendure';
    region: string;
    maxAgeSeconds?: number;
    overlapHours?: number;
    baseUrl: string;
    channelToken?: string;
    country?: string;
    username?: string;
    password?: string;
    apiKey?: string;
    webhookSecret: string;
  };
  RestStoreView: {
    id: string;
    kind: 'rest' | 'vendure';
    region: string;
    maxAgeSeconds: number;
    webhookUrl: string;
    verifiedAt: string | null;
    baseUrl: string;
    apiKey: 'set';
    webhookSecret: 'set';
  };
  VendureStoreView: {
    id: string;
    kind: 'rest' | 'vendure';
    region: string;
    maxAgeSeconds: number;
    webhookUrl: string;
    verifiedAt: string | null;
    baseUrl: string;
    channelToken?: string;
    country?: string;
    username?: string;
    webhookSecret: 'set';
  };
  PutStripeAccount: {
    overlapHours?: number;
    secretKey: string;
    webhookSecret: string;
  };
  PutSignedAccount: {
    overlapHours?: number;
    baseUrl: string;
    apiKey: string;
    webhookSecret: string;
  };
  StripeAccountView: {
    id: string;
    account: string;
    kind: 'stripe' | 'signed';
    webhookUrl: string;
    verifiedAt: string | null;
    secretKey: 'set';
    webhookSecret: 'set';
  };
  SignedAccountView: {
    id: string;
    account: string;
    kind: 'stripe' | 'signed';
    webhookUrl: string;
    verifiedAt: string | null;
    baseUrl: string;
    apiKey: 'set';
    webhookSecret: 'set';
  };
  PaymentAccountList: {
    items: (Schemas['StripeAccountView'] | Schemas['SignedAccountView'])[];
    nextCursor: string | null;
  };
  PutTemplate: {
    name: string;
    language: string;
    category: 'utility' | 'marketing' | 'authentication';
    body: string;
    parameters: (string)[];
  };
  PutTemplateView: {
    id: string;
    channelAccountId: string;
    purpose: 'order_receipt' | 'order_shipped' | 'order_out_for_delivery' | 'order_delivered' | 'delivery_failed' | 'order_refunded';
    name: string;
    language: string;
    category: 'utility' | 'marketing' | 'authentication';
    body: string;
    parameters: (string)[];
    status: string;
    created: boolean;
  };
  TemplateView: {
    id: string;
    channelAccountId: string;
    purpose: 'order_receipt' | 'order_shipped' | 'order_out_for_delivery' | 'order_delivered' | 'delivery_failed' | 'order_refunded';
    name: string;
    language: string;
    category: 'utility' | 'marketing' | 'authentication';
    body: string;
    parameters: (string)[];
  };
  TemplatePage: {
    items: (Schemas['TemplateView'])[];
    nextCursor: string | null;
  };
  ReadinessStepView: {
    step: string;
    ok: boolean;
    missing?: string;
    fix?: string;
    note?: string;
  };
  CallsView: {
    state: 'ok' | 'failed' | 'not_tried';
    why: string | null;
  };
  RefusalsView: {
    count: number;
    since: string;
    lastAt: string;
    reasons: Record<string, number>;
  };
  WebhooksOfConnectionView: {
    address: string;
    subscribed: 'yes' | 'no' | 'unknown';
    why: string | null;
    lastReceivedAt: string | null;
    refused: Schemas['RefusalsView'] | null;
  };
  ConnectionView: {
    name: string;
    port: 'channel' | 'store' | 'payment';
    kind: string;
    calls: Schemas['CallsView'];
    webhooks: Schemas['WebhooksOfConnectionView'];
  };
  ReadinessView: {
    ready: boolean;
    steps: (Schemas['ReadinessStepView'])[];
    connections: (Schemas['ConnectionView'])[];
  };
  RefusedWebhookView: {
    at: string;
    reason: 'no_signature' | 'wrong_signature' | 'malformed' | 'too_large' | 'too_many' | 'unknown_account' | 'disabled';
    route: string;
    bytes: number | null;
  };
  RefusedSenderView: {
    port: 'channel' | 'channel_app' | 'payment' | 'store';
    source: string;
    account: string | null;
    lastReceivedAt: string | null;
    refused: Schemas['RefusalsView'];
    latest: (Schemas['RefusedWebhookView'])[];
  };
  RefusedWebhookList: {
    items: (Schemas['RefusedSenderView'])[];
    nextCursor: string | null;
  };
  SendTestMessage: {
    to: string;
    template?: 'order_receipt' | 'order_shipped' | 'order_out_for_delivery' | 'order_delivered' | 'delivery_failed' | 'order_refunded';
    channelAccountId?: string;
  };
  TestMessageView: {
    messageId: string;
    channelAccountId: string;
  };
  CreateApiKey: {
    name: string;
    scopes?: ('merchants:read' | 'merchants:write' | 'operations:read' | 'operations:write' | 'keys:read' | 'keys:write' | 'audit:read' | 'people:unmask')[];
    expiresAt?: string;
  };
  NewApiKeyView: {
    id: string;
    name: string;
    scopes: ('merchants:read' | 'merchants:write' | 'operations:read' | 'operations:write' | 'keys:read' | 'keys:write' | 'audit:read' | 'people:unmask')[];
    createdAt: string;
    createdBy: string | null;
    expiresAt: string | null;
    revokedAt: string | null;
    lastUsedAt: string | null;
    replacedBy: string | null;
    key: string;
  };
  ApiKeyView: {
    id: string;
    name: string;
    scopes: ('merchants:read' | 'merchants:write' | 'operations:read' | 'operations:write' | 'keys:read' | 'keys:write' | 'audit:read' | 'people:unmask')[];
    createdAt: string;
    createdBy: string | null;
    expiresAt: string | null;
    revokedAt: string | null;
    lastUsedAt: string | null;
    replacedBy: string | null;
  };
  ApiKeyPage: {
    items: (Schemas['ApiKeyView'])[];
    nextCursor: string | null;
  };
  RotateApiKey: {
    overlapSeconds?: number;
  };
  AuditView: {
    id: string;
    merchantId: string | null;
    seq: number;
    at: string;
    actor: string;
    actorKind: 'operator' | 'merchant' | 'system';
    action: string;
    target: string;
    before: Record<string, unknown> | null;
    after: Record<string, unknown> | null;
    requestId: string | null;
    hash: string;
  };
  AuditPage: {
    items: (Schemas['AuditView'])[];
    nextCursor: string | null;
  };
  ChainHeadDto: {
    chain: string;
    seq: number;
    hash: string;
  };
  VerifyAudit: {
    heads?: (Schemas['ChainHeadDto'])[];
  };
  ChainBreakView: {
    chain: string;
    seq: number;
    why: 'missing' | 'out_of_place' | 'altered' | 'replaced';
  };
  AuditReportView: {
    sound: boolean;
    rows: number;
    breaks: (Schemas['ChainBreakView'])[];
    heads: (Schemas['ChainHeadDto'])[];
  };
  AliasView: {
    scheme: string;
    kind: string;
    value: string;
  };
  CartLineView: {
    sku: string;
    quantity: number;
  };
  ThreadOrderView: {
    ref: string;
    number?: string;
    status: string;
    updatedAt: string;
  };
  ThreadView: {
    id: string;
    channelAccountId: string;
    contactId: string;
    personId: string | null;
    name: string | null;
    aliases: (Schemas['AliasView'])[];
    phase: 'browsing' | 'building_cart' | 'confirming_changes' | 'awaiting_payment' | 'awaiting_fulfilment' | 'with_human';
    openOrderRef: string | null;
    waitingSince: string | null;
    cart: (Schemas['CartLineView'])[];
    orders: (Schemas['ThreadOrderView'])[];
    formerIds: (string)[];
    expiresAt: string;
    createdAt: string;
    updatedAt: string;
  };
  ThreadPage: {
    items: (Schemas['ThreadView'])[];
    nextCursor: string | null;
  };
  TimelineEntryView: {
    at: string;
    source: string;
    kind: string;
    title: string;
    details: Record<string, unknown>;
    itemId?: string;
    messageId?: string;
    orderRef?: string;
  };
  TimelinePage: {
    items: (Schemas['TimelineEntryView'])[];
    nextCursor: string | null;
  };
  MessageErrorView: {
    code: number | null;
    class: string;
    details: string;
    at: string;
  };
  MessageView: {
    acceptedAt: string | null;
    heldAt: string | null;
    sentAt: string | null;
    deliveredAt: string | null;
    readAt: string | null;
    playedAt: string | null;
    failedAt: string | null;
    droppedAt: string | null;
    messageId: string;
    channelMessageId: string | null;
    threadId: string;
    orderRef: string | null;
    to: string | null;
    status: 'queued' | 'waiting' | 'sending' | 'indeterminate' | 'accepted' | 'held' | 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'dropped';
    sends: number;
    possibleDuplicate: boolean;
    error: Schemas['MessageErrorView'] | null;
    pricing: Record<string, unknown> | null;
    createdAt: string;
    content: Record<string, unknown>;
    template: Record<string, unknown> | null;
    decision: string | null;
    deadline: string | null;
    plannedAt: string | null;
  };
  MessagePage: {
    items: (Schemas['MessageView'])[];
    nextCursor: string | null;
  };
  AttemptView: {
    plan: number;
    at: string;
    outcome: string;
    words: string;
  };
  StatusView: {
    status: string;
    at: string;
    words: string;
  };
  ExplanationView: {
    messageId: string;
    status: 'queued' | 'waiting' | 'sending' | 'indeterminate' | 'accepted' | 'held' | 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'dropped';
    summary: string;
    lookedAt: (string)[];
    decision: string;
    decidedAt: string | null;
    attempts: (Schemas['AttemptView'])[];
    statuses: (Schemas['StatusView'])[];
    verdict: Record<string, unknown> | null;
  };
  DeliveryView: {
    acceptedAt: string | null;
    heldAt: string | null;
    sentAt: string | null;
    deliveredAt: string | null;
    readAt: string | null;
    playedAt: string | null;
    failedAt: string | null;
    droppedAt: string | null;
    messageId: string;
    channelMessageId: string | null;
    threadId: string;
    orderRef: string | null;
    to: string | null;
    status: 'queued' | 'waiting' | 'sending' | 'indeterminate' | 'accepted' | 'held' | 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'dropped';
    sends: number;
    possibleDuplicate: boolean;
    error: Schemas['MessageErrorView'] | null;
    pricing: Record<string, unknown> | null;
    createdAt: string;
  };
  DeliveryPage: {
    items: (Schemas['DeliveryView'])[];
    nextCursor: string | null;
  };
  OrderMoney: {
    minor: number;
    currency: string;
  };
  RefundView: {
    amount: Schemas['OrderMoney'] | null;
    reason: string;
    done: boolean;
  };
  OrderView: {
    ref: string;
    number: string | null;
    state: 'requested' | 'reserving' | 'awaiting_payment' | 'declined' | 'cancelled' | 'expired' | 'paid' | 'placed' | 'tracking_created' | 'shipped' | 'out_for_delivery' | 'delivery_failed' | 'delivered' | 'refunding' | 'refunded';
    threadId: string;
    total: Schemas['OrderMoney'];
    acceptedQuote: Record<string, unknown>;
    presentQuote: Record<string, unknown> | null;
    hold: Record<string, unknown> | null;
    payBefore: string | null;
    paymentAccount: string | null;
    paymentPages: (string)[];
    paid: Schemas['OrderMoney'] | null;
    paymentId: string | null;
    paidAt: string | null;
    refunds: (Schemas['RefundView'])[];
    storeStatus: Record<string, unknown> | null;
    parcels: (Record<string, unknown>)[];
    createdAt: string;
    updatedAt: string;
  };
  OrderPage: {
    items: (Schemas['OrderView'])[];
    nextCursor: string | null;
  };
  WebhookView: {
    id: string;
    source: 'whatsapp' | 'dialog360' | 'stripe' | 'signed' | 'store' | 'vendure';
    name: string;
    service: string;
    stream: string;
    externalId: string;
    state: 'pending' | 'done' | 'skipped' | 'ignored' | 'dead_letter';
    reason: string | null;
    attempts: number;
    redrives: number;
    occurredAt: string;
    receivedAt: string;
    settledAt: string | null;
    payload: Record<string, unknown>;
  };
  WebhookPage: {
    items: (Schemas['WebhookView'])[];
    nextCursor: string | null;
  };
  DestinationView: {
    merchantId: string | null;
    why: string | null;
    help: string | null;
  };
  QuarantinedView: {
    id: string;
    source: string;
    externalId: string;
    reason: string;
    senderId: string | null;
    accountId: string | null;
    destination: Schemas['DestinationView'];
    payload: Record<string, unknown>;
    occurredAt: string;
    receivedAt: string;
  };
  QuarantinePage: {
    items: (Schemas['QuarantinedView'])[];
    nextCursor: string | null;
  };
  ReleasedView: {
    id: string;
    merchantId: string;
    outcome: 'queued' | 'ignored' | 'duplicate';
    name: string;
  };
  DeadLetterView: {
    id: string;
    merchantId: string;
    service: string;
    queue: string;
    stream: string;
    name: string;
    source: string;
    reason: string | null;
    attempts: number;
    redrives: number;
    occurredAt: string;
    parkedAt: string;
  };
  DeadLetterPage: {
    items: (Schemas['DeadLetterView'])[];
    nextCursor: string | null;
  };
  RedriveView: {
    id: string;
    queue: string;
    stream: string;
  };
  ReplayRequest: {
    from: string;
    to: string;
    source?: 'whatsapp' | 'dialog360' | 'stripe' | 'signed' | 'store' | 'vendure' | 'job';
    dryRun?: boolean;
  };
  ReplayQueued: {
    deadLetters: number;
    skipped: number;
    ignored: number;
    quarantined: number;
  };
  ReplayLeft: {
    done: number;
    pending: number;
    ignored: number;
    quarantined: number;
  };
  ReplayView: {
    dryRun: boolean;
    from: string;
    to: string;
    source: string | null;
    queued: Schemas['ReplayQueued'];
    leftAlone: Schemas['ReplayLeft'];
  };
  PersonQuery: {
    phone?: string;
    userId?: string;
    username?: string;
    contactId?: string;
  };
  PersonDocument: {
    merchantId: string;
    exportedAt: string;
    found: boolean;
    names: Record<string, unknown>;
    contacts: (Record<string, unknown>)[];
    aliases: (Record<string, unknown>)[];
    people: (Record<string, unknown>)[];
    proofs: (Record<string, unknown>)[];
    threads: (Record<string, unknown>)[];
    orders: (Record<string, unknown>)[];
    recipients: (Record<string, unknown>)[];
    messages: (Record<string, unknown>)[];
    items: (Record<string, unknown>)[];
  };
  ErasureView: {
    erasureId: string;
    state: 'running' | 'done' | 'nothing_found' | 'failed';
    requestedAt: string;
    completedAt: string | null;
    parts: Record<string, 'waiting' | 'done' | 'failed'>;
    report: Record<string, number> | null;
  };
  MerchantErasureView: {
    state: 'none' | 'planned' | 'running' | 'done' | 'failed';
    eraseAfter: string | null;
    erasedAt: string | null;
    parts: Record<string, 'waiting' | 'done' | 'failed'>;
  };
}

/** By method and path: what is in the path, the query, the body and If-Match, and what is answered. */
export interface Calls {
  post: {
    '/v1/merchants': { body: Schemas['CreateMerchant']; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/suspend': { path: { merchantId: string; }; body: Schemas['SuspendMerchant']; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/resume': { path: { merchantId: string; }; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/close': { path: { merchantId: string; }; body: Schemas['CloseMerchant']; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/channel-accounts/{kind}': { path: { merchantId: string; kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram'; }; body: Schemas['ConnectWhatsapp'] | Schemas['ConnectDialog360'] | Schemas['ConnectMessenger'] | Schemas['ConnectInstagram']; answer: Schemas['WhatsappAccountView'] | Schemas['Dialog360AccountView'] | Schemas['MessengerAccountView'] | Schemas['InstagramAccountView']; };
    '/v1/merchants/{merchantId}/channel-accounts/{accountId}/test': { path: { merchantId: string; accountId: string; }; answer: Schemas['ConnectionTestView']; };
    '/v1/merchants/{merchantId}/channel-accounts/{accountId}/subscribe': { path: { merchantId: string; accountId: string; }; answer: Schemas['SubscriptionView']; };
    '/v1/merchants/{merchantId}/store/test': { path: { merchantId: string; }; answer: Schemas['ConnectionTestView']; };
    '/v1/merchants/{merchantId}/payment-providers/{account}/test': { path: { merchantId: string; account: string; }; answer: Schemas['ConnectionTestView']; };
    '/v1/merchants/{merchantId}/test-message': { path: { merchantId: string; }; body: Schemas['SendTestMessage']; answer: Schemas['TestMessageView']; };
    '/v1/merchants/{merchantId}/api-keys': { path: { merchantId: string; }; body: Schemas['CreateApiKey']; answer: Schemas['NewApiKeyView']; };
    '/v1/merchants/{merchantId}/api-keys/{keyId}/rotate': { path: { merchantId: string; keyId: string; }; body: Schemas['RotateApiKey']; answer: Schemas['NewApiKeyView']; };
    '/v1/operator-keys': { body: Schemas['CreateApiKey']; answer: Schemas['NewApiKeyView']; };
    '/v1/operator-keys/{keyId}/rotate': { path: { keyId: string; }; body: Schemas['RotateApiKey']; answer: Schemas['NewApiKeyView']; };
    '/v1/audit/verify': { body: Schemas['VerifyAudit']; answer: Schemas['AuditReportView']; };
    '/v1/quarantine/{id}/replay': { path: { id: string; }; answer: Schemas['ReleasedView']; };
    '/v1/dead-letters/{id}/redrive': { path: { id: string; }; answer: Schemas['RedriveView']; };
    '/v1/merchants/{merchantId}/replay': { path: { merchantId: string; }; body: Schemas['ReplayRequest']; answer: Schemas['ReplayView']; };
    '/v1/merchants/{merchantId}/people/export': { path: { merchantId: string; }; body: Schemas['PersonQuery']; answer: Schemas['PersonDocument']; };
    '/v1/merchants/{merchantId}/people/erasures': { path: { merchantId: string; }; body: Schemas['PersonQuery']; answer: Schemas['ErasureView']; };
    '/v1/merchants/{merchantId}/erase': { path: { merchantId: string; }; answer: Schemas['MerchantErasureView']; };
  };
  get: {
    '/v1/merchants': { query?: { limit?: number; cursor?: string; }; answer: Schemas['MerchantPage']; };
    '/v1/merchants/{merchantId}': { path: { merchantId: string; }; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/settings': { path: { merchantId: string; }; answer: Schemas['SettingsDto']; };
    '/v1/vendors': { answer: Schemas['VendorList']; };
    '/v1/merchants/{merchantId}/channel-accounts': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; }; answer: Schemas['ChannelAccountPage']; };
    '/v1/merchants/{merchantId}/channel-accounts/{accountId}': { path: { merchantId: string; accountId: string; }; answer: Schemas['WhatsappAccountView'] | Schemas['Dialog360AccountView'] | Schemas['MessengerAccountView'] | Schemas['InstagramAccountView']; };
    '/v1/merchants/{merchantId}/meta-apps': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; }; answer: Schemas['MetaAppPage']; };
    '/v1/merchants/{merchantId}/meta-apps/{app}': { path: { merchantId: string; app: string; }; answer: Schemas['MetaAppView']; };
    '/v1/merchants/{merchantId}/store': { path: { merchantId: string; }; answer: Schemas['RestStoreView'] | Schemas['VendureStoreView']; };
    '/v1/merchants/{merchantId}/payment-providers': { path: { merchantId: string; }; answer: Schemas['PaymentAccountList']; };
    '/v1/merchants/{merchantId}/payment-providers/{account}': { path: { merchantId: string; account: string; }; answer: Schemas['StripeAccountView'] | Schemas['SignedAccountView']; };
    '/v1/merchants/{merchantId}/templates': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; }; answer: Schemas['TemplatePage']; };
    '/v1/merchants/{merchantId}/readiness': { path: { merchantId: string; }; answer: Schemas['ReadinessView']; };
    '/v1/merchants/{merchantId}/refused-webhooks': { path: { merchantId: string; }; answer: Schemas['RefusedWebhookList']; };
    '/v1/merchants/{merchantId}/api-keys': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; }; answer: Schemas['ApiKeyPage']; };
    '/v1/operator-keys': { query?: { limit?: number; cursor?: string; }; answer: Schemas['ApiKeyPage']; };
    '/v1/audit': { query?: { limit?: number; cursor?: string; merchantId?: string; actor?: string; action?: string; target?: string; from?: string; to?: string; }; answer: Schemas['AuditPage']; };
    '/v1/merchants/{merchantId}/threads': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; phase?: 'browsing' | 'building_cart' | 'confirming_changes' | 'awaiting_payment' | 'awaiting_fulfilment' | 'with_human'; q?: string; }; answer: Schemas['ThreadPage']; };
    '/v1/merchants/{merchantId}/threads/{id}': { path: { merchantId: string; id: string; }; query?: { unmasked?: boolean; }; answer: Schemas['ThreadView']; };
    '/v1/merchants/{merchantId}/threads/{id}/timeline': { path: { merchantId: string; id: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; }; answer: Schemas['TimelinePage']; };
    '/v1/merchants/{merchantId}/messages': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; from?: string; to?: string; status?: 'queued' | 'waiting' | 'sending' | 'indeterminate' | 'accepted' | 'held' | 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'dropped'; channelMessageId?: string; orderRef?: string; threadId?: string; id?: string; }; answer: Schemas['MessagePage']; };
    '/v1/merchants/{merchantId}/messages/{id}': { path: { merchantId: string; id: string; }; query?: { unmasked?: boolean; }; answer: Schemas['MessageView']; };
    '/v1/merchants/{merchantId}/messages/{id}/explain': { path: { merchantId: string; id: string; }; query?: { unmasked?: boolean; }; answer: Schemas['ExplanationView']; };
    '/v1/merchants/{merchantId}/deliveries': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; from?: string; to?: string; status?: 'queued' | 'waiting' | 'sending' | 'indeterminate' | 'accepted' | 'held' | 'sent' | 'delivered' | 'read' | 'played' | 'failed' | 'dropped'; channelMessageId?: string; orderRef?: string; threadId?: string; }; answer: Schemas['DeliveryPage']; };
    '/v1/merchants/{merchantId}/orders': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; state?: 'requested' | 'reserving' | 'awaiting_payment' | 'declined' | 'cancelled' | 'expired' | 'paid' | 'placed' | 'tracking_created' | 'shipped' | 'out_for_delivery' | 'delivery_failed' | 'delivered' | 'refunding' | 'refunded'; threadId?: string; personId?: string; number?: string; }; answer: Schemas['OrderPage']; };
    '/v1/merchants/{merchantId}/orders/{id}': { path: { merchantId: string; id: string; }; query?: { unmasked?: boolean; }; answer: Schemas['OrderView']; };
    '/v1/merchants/{merchantId}/orders/{id}/timeline': { path: { merchantId: string; id: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; }; answer: Schemas['TimelinePage']; };
    '/v1/merchants/{merchantId}/webhooks': { path: { merchantId: string; }; query?: { limit?: number; cursor?: string; unmasked?: boolean; from?: string; to?: string; source?: 'whatsapp' | 'dialog360' | 'stripe' | 'signed' | 'store' | 'vendure'; state?: 'pending' | 'done' | 'skipped' | 'ignored' | 'dead_letter'; externalId?: string; }; answer: Schemas['WebhookPage']; };
    '/v1/merchants/{merchantId}/webhooks/{id}': { path: { merchantId: string; id: string; }; query?: { unmasked?: boolean; }; answer: Schemas['WebhookView']; };
    '/v1/quarantine': { query?: { limit?: number; cursor?: string; unmasked?: boolean; reason?: string; }; answer: Schemas['QuarantinePage']; };
    '/v1/dead-letters': { query?: { limit?: number; cursor?: string; merchantId?: string; service?: 'conversation' | 'catalog' | 'checkout' | 'outbound' | 'admin'; source?: 'whatsapp' | 'dialog360' | 'stripe' | 'signed' | 'store' | 'vendure' | 'job'; name?: string; orderRef?: string; }; answer: Schemas['DeadLetterPage']; };
    '/v1/dead-letters/{id}': { path: { id: string; }; answer: Schemas['DeadLetterView']; };
    '/v1/merchants/{merchantId}/people/erasures/{erasureId}': { path: { merchantId: string; erasureId: string; }; answer: Schemas['ErasureView']; };
    '/v1/merchants/{merchantId}/erasure': { path: { merchantId: string; }; answer: Schemas['MerchantErasureView']; };
  };
  patch: {
    '/v1/merchants/{merchantId}': { path: { merchantId: string; }; body: Schemas['UpdateMerchant']; etag: string; answer: Schemas['MerchantView']; };
    '/v1/merchants/{merchantId}/settings': { path: { merchantId: string; }; body: Schemas['SettingsDto']; etag: string; answer: Schemas['SettingsDto']; };
    '/v1/merchants/{merchantId}/channel-accounts/{accountId}': { path: { merchantId: string; accountId: string; }; body: Schemas['UpdateWhatsapp'] | Schemas['UpdateDialog360'] | Schemas['UpdateMessenger'] | Schemas['UpdateInstagram']; etag?: string; answer: Schemas['WhatsappAccountView'] | Schemas['Dialog360AccountView'] | Schemas['MessengerAccountView'] | Schemas['InstagramAccountView']; };
  };
  put: {
    '/v1/merchants/{merchantId}/settings': { path: { merchantId: string; }; body: Schemas['SettingsDto']; etag: string; answer: Schemas['SettingsDto']; };
    '/v1/merchants/{merchantId}/channel-accounts/{kind}': { path: { merchantId: string; kind: 'whatsapp' | 'dialog360' | 'messenger' | 'instagram'; }; body: Schemas['ConnectWhatsapp'] | Schemas['ConnectDialog360'] | Schemas['ConnectMessenger'] | Schemas['ConnectInstagram']; etag?: string; answer: Schemas['WhatsappAccountView'] | Schemas['Dialog360AccountView'] | Schemas['MessengerAccountView'] | Schemas['InstagramAccountView']; };
    '/v1/merchants/{merchantId}/meta-apps/{app}': { path: { merchantId: string; app: string; }; body: Schemas['PutMetaApp']; etag?: string; answer: Schemas['MetaAppView']; };
    '/v1/merchants/{merchantId}/store': { path: { merchantId: string; }; body: Schemas['PutRestStore'] | Schemas['PutVendureStore']; etag?: string; answer: Schemas['RestStoreView'] | Schemas['VendureStoreView']; };
    '/v1/merchants/{merchantId}/payment-providers/{account}': { path: { merchantId: string; account: string; }; body: Schemas['PutStripeAccount'] | Schemas['PutSignedAccount']; etag?: string; answer: Schemas['StripeAccountView'] | Schemas['SignedAccountView']; };
    '/v1/merchants/{merchantId}/templates/{purpose}': { path: { merchantId: string; purpose: 'order_receipt' | 'order_shipped' | 'order_out_for_delivery' | 'order_delivered' | 'delivery_failed' | 'order_refunded'; }; body: Schemas['PutTemplate']; answer: Schemas['PutTemplateView']; };
  };
  delete: {
    '/v1/merchants/{merchantId}/meta-apps/{app}': { path: { merchantId: string; app: string; }; etag: string; answer: undefined; };
    '/v1/merchants/{merchantId}/api-keys/{keyId}': { path: { merchantId: string; keyId: string; }; answer: undefined; };
    '/v1/operator-keys/{keyId}': { path: { keyId: string; }; answer: undefined; };
  };
  download: {
    '/v1/merchants/{merchantId}/export': { path: { merchantId: string; }; answer: string; };
  };
}
