import { Controller, Get, Redirect } from '@nestjs/common';

/** The front page of the sandbox is a static page under `/home/`. */
@Controller()
export class HomeController {
  @Get()
  @Redirect('/home/', 302)
  home(): void {}
}
