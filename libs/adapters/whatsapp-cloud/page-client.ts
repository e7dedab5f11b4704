import { Graph, isObject, type GraphOptions } from './graph.js';

export interface PageFacts {
  id: string;
  name: string;
  /** The professional Instagram account that is linked with the page; null when none is, or the token may not see it. */
  instagramAccountId: string | null;
}

/** The part of the Graph API that Waco calls for a Facebook page and its Instagram account. */
export class PageClient {
  private readonly graph: Graph;

  constructor(options: GraphOptions) {
    this.graph = new Graph(options);
  }

  /**
   * The page, as its own token sees it. `withInstagram` asks for the linked account too, which a token for Messenger
   * alone may not. Source: developers.facebook.com/docs/graph-api/reference/page
   * @throws GraphCallError
   */
  async getPage(pageId: string, withInstagram: boolean): Promise<PageFacts> {
    const fields = withInstagram ? 'name,instagram_business_account' : 'name';
    const node = await this.graph.read('GET', `${pageId}?fields=${fields}`);
    const linked = node.instagram_business_account;
    return {
      id: String(node.id),
      name: String(node.name ?? ''),
      instagramAccountId: isObject(linked) && typeof linked.id === 'string' ? linked.id : null,
    };
  }
}
