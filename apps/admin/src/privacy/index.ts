import { EraseMerchantHandler } from './erase-merchant.handler.js';
import { ErasePersonHandler } from './erase-person.handler.js';
import { Erasures } from './erasures.js';
import { LeavingController } from './leaving.controller.js';
import { MerchantErasure } from './merchant-erasure.js';
import { MerchantExport } from './merchant-export.js';
import { PeopleController } from './people.controller.js';
import { PersonExport } from './person-export.js';
import { RetentionHandler } from './retention.handler.js';
import { RetentionSchedule } from './retention-schedule.js';

/** Personal data: how long it is kept, what is held, and forgetting. Resources in the order of the API page. */
export const PRIVACY_API = [PeopleController, LeavingController];

export const PRIVACY_JOBS = [EraseMerchantHandler, ErasePersonHandler, RetentionHandler];

export const PRIVACY = [Erasures, MerchantErasure, MerchantExport, PersonExport, RetentionSchedule];
