/** The API in OpenAPI 3.1, whose schemas are JSON Schema as zod writes it: one source for checks and description. */
import { z } from 'zod';
import {
  healthSchema,
  modelStateSchema,
  predictionQuerySchema,
  predictionSchema,
  problemSchema,
} from '../api.ts';

const binary = { schema: { type: 'string', format: 'binary' } } as const;

export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'LesionFlow',
      version: '1',
      description:
        'Outlines skin lesions on dermoscopic pictures. Research software: no medical device, no diagnosis.',
    },
    paths: {
      '/api/v1/predictions': {
        post: {
          operationId: 'predict',
          summary: 'Outline the lesions on one picture. The picture is not kept.',
          parameters: queryParameters(),
          requestBody: {
            required: true,
            description: 'A JPEG or PNG, known by its contents.',
            content: {
              'image/jpeg': binary,
              'image/png': binary,
              'multipart/form-data': {
                schema: {
                  type: 'object',
                  required: ['picture'],
                  properties: { picture: { type: 'string', format: 'binary' } },
                },
              },
            },
          },
          responses: {
            200: answer('What was found, best first.', 'Prediction'),
            ...problems({
              400: 'The query is not valid, or there is no picture.',
              413: 'The picture has too many bytes or pixels.',
              415: 'The file is neither JPEG nor PNG.',
              422: 'The picture is damaged.',
              503: 'No model yet, too many pictures at once, or the model broke off; see Retry-After.',
            }),
          },
        },
      },
      '/api/v1/model': {
        get: {
          operationId: 'model',
          summary: 'The version that answers, its scores, and the limits.',
          responses: { 200: answer('The state of the model.', 'Model') },
        },
      },
      '/healthz': {
        get: {
          operationId: 'health',
          summary: 'Does the server run?',
          responses: { 200: answer('It runs.', 'Health') },
        },
      },
      '/readyz': {
        get: {
          operationId: 'readiness',
          summary: 'Is there a model to answer?',
          responses: {
            200: answer('There is.', 'Health'),
            ...problems({ 503: 'There is none yet, or it is being started again.' }),
          },
        },
      },
    },
    components: {
      schemas: {
        Prediction: jsonSchema(predictionSchema),
        Model: jsonSchema(modelStateSchema),
        Health: jsonSchema(healthSchema),
        Problem: jsonSchema(problemSchema),
      },
    },
  };
}

const reference = (name: string) => ({ schema: { $ref: `#/components/schemas/${name}` } });

const answer = (description: string, schema: string) => ({
  description,
  content: { 'application/json': reference(schema) },
});

function problems(descriptions: Readonly<Record<number, string>>) {
  return Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [
      status,
      { description, content: { 'application/problem+json': reference('Problem') } },
    ]),
  );
}

function queryParameters() {
  const { properties = {} } = z.toJSONSchema(predictionQuerySchema, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
}

/** Without the dialect, which OpenAPI 3.1 has by itself. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(z.toJSONSchema(schema)).filter(([name]) => name !== '$schema'),
  );
}
