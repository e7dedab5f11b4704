import { heldTo, isOfAccount, judgeAccount, judgeSender } from '#core/tenancy';
import type { Directory, WebhookSecrets } from '#persistence';
import type { ChannelItem, Webhooks } from '#vendors';
import { isMerchantId } from '../answer.js';
import { kept } from '../items.js';
import type { AccountKind } from './account-webhooks.js';
import { arrivalOf } from './app-webhooks.js';

/** Webhooks that each account of a channel sends to an address of its own: they count for that account alone. */
export function channelWebhooks(
  kind: string,
  webhooks: Webhooks<ChannelItem>,
  secretsOf: WebhookSecrets,
  directory: Directory,
): AccountKind<ChannelItem> {
  return {
    name: kind,
    port: 'channel',
    webhooks,
    open: async (merchantId, { account: id = '' }) => {
      if (!isMerchantId(id)) return undefined;
      const known = await secretsOf.ofChannelAccount(merchantId, id, kind, webhooks.secret);
      const merchant = known && (await directory.merchant(merchantId));
      if (!known || !merchant) return undefined;
      const { secrets, accountId, senderId, enabled } = known;
      const route = { merchantId, accountId, channelAccountId: id, enabled, status: merchant.status };
      return {
        id,
        isSwitchedOff: !enabled,
        secrets,
        arrivalOf: (notice, now) => {
          if (!('event' in notice)) {
            const { id: externalId, ignored, occurredAt = now } = notice;
            return kept('ignored', ignored, {
              source: kind,
              externalId,
              occurredAt,
              merchantId,
              payload: {},
            });
          }
          const { event: item } = notice;
          const isOurs = item.senderId === senderId;
          const routed = isOfAccount(item.kind, item.senderId)
            ? judgeAccount(item.accountId, item.accountId === accountId ? [route] : [])
            : judgeSender(item.senderId, item.accountId, isOurs ? route : undefined);
          return arrivalOf(kind, item, heldTo(merchantId, routed), now, merchantId);
        },
      };
    },
  };
}
