import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { VERSION } from '#platform';
import { defaultScope } from './http/access.js';

const DESCRIPTION = `Onboard merchants, connect what they sell with, and look after what failed.

**Keys.** \`Authorization: Bearer waco_<id>_<secret>\`. An operator's key acts for every merchant; a merchant's key for
its own merchant only. A key has scopes: \`x-required-scope\` names the one that a call needs.

**Repeating.** Creating calls take an \`Idempotency-Key\`: the same key within 24 hours gives the first answer again.

**Changing.** A merchant and its settings have an \`ETag\`; a change needs it as \`If-Match\`, so that none is lost.

**Lists** come in pages: follow \`nextCursor\` until it is null.

**Limits.** A merchant has, with all its keys, so many requests a minute and eight in progress at once: 429 says when to
come back, in \`Retry-After\`. A body has at most 64 KiB, 1,000 keys and values in all, and 16 levels; settings and heads
of the audit log may have more. Every answer has an \`X-Request-Id\`.

**Errors** are RFC 9457 problem documents (\`application/problem+json\`). Branch on \`code\`.

**Secrets** are write-only: answers say \`set\`, never more.`;

/** The admin API as OpenAPI 3.1, made from the controllers and their DTOs. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Waco admin API')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'waco_<id>_<secret>' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return withScopes(document);
}

/** Routes that name no scope need the one that the guard takes for them. */
function withScopes(document: OpenAPIObject): OpenAPIObject {
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/')) continue;
    for (const [method, operation] of Object.entries(methods as Record<string, Record<string, unknown>>)) {
      operation['x-required-scope'] ??= defaultScope(method.toUpperCase());
    }
  }
  return document;
}

/** The page at `/docs`, the document at `/docs/openapi.json`. */
export function mountApiDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Waco admin API',
    customfavIcon: '/assets/icon.svg',
    swaggerOptions: { persistAuthorization: false, displayRequestDuration: true },
  });
}
