import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

const DESCRIPTION = `Onboard merchants, connect what they sell with, and look after what failed.

**Keys.** \`Authorization: Bearer waco_<id>_<secret>\`. An operator's key acts for every merchant; a merchant's key for
its own merchant only.

**Errors** are RFC 9457 problem documents (\`application/problem+json\`). Branch on \`code\`.

**Secrets** are write-only: answers say \`set\`, never more.`;

/** The admin API as OpenAPI 3.1, made from the controllers and their DTOs. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Waco admin API')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'waco_<id>_<secret>' })
    .build();
  return SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
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
