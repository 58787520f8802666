#!/usr/bin/env node
/** @file `npx floe` in a checkout: makes the checkout ready, then becomes the command line. */
import { become, bootstrap, program } from '../scripts/bootstrap.mjs';

become(bootstrap(), [program, ...process.argv.slice(2)]);
