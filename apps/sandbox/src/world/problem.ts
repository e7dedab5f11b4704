import { HttpException } from '@nestjs/common';

/** An error answer in the shape of RFC 9457: `{ title, status, detail }`. */
export function problem(status: number, detail: string): HttpException {
  return new HttpException({ title: HTTP_TITLES[status] ?? 'Error', status, detail }, status);
}

const HTTP_TITLES: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Content',
};
