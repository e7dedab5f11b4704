import type { ProductDoc } from './shop.types.js';

const CATEGORIES = {
  hoodies: 'Hoodies & Sweatshirts',
  shirts: 'T-Shirts & Shirts',
  modest: 'Abayas & Modest Wear',
  home: 'Home & Living',
  scent: 'Oud & Gifts',
} as const;

type CategoryId = keyof typeof CATEGORIES;

/** SKU, category, title, price in hundredths of the currency, units, description, regions when not everywhere. */
type Row = [string, CategoryId, string, number, number, string, string[]?];

// prettier-ignore
const ROWS: Row[] = [
  ['HOODIE-BLK', 'hoodies', 'Black Hoodie', 8900, 14, 'Midweight brushed cotton with a kangaroo pocket and a soft lined hood. Regular fit, sizes S to XL.'],
  ['HOODIE-BLK-ZIP', 'hoodies', 'Black Heavyweight Zip Hoodie', 14900, 9, '420 g cotton fleece, two-way metal zip and ribbed side panels. Made for over-chilled malls and desert evenings.'],
  ['HOODIE-SND', 'hoodies', 'Sand Oversized Hoodie', 11900, 11, 'Garment-dyed in the colour of Liwa dunes, with a dropped shoulder and a double hood.'],
  ['HOODIE-NVY', 'hoodies', 'Navy Pullover Hoodie', 9500, 2, 'French terry, light enough for a Dubai winter. Flat drawcord, embroidered wave on the sleeve.'],
  ['CREW-GRY', 'hoodies', 'Heather Grey Sweatshirt', 7900, 18, 'Crew-neck sweatshirt in loopback cotton with a clean, boxy cut.'],

  ['TEE-WHT', 'shirts', 'White Organic T-Shirt', 4500, 40, 'Organic long-staple cotton, 190 g. Holds its shape and its white.'],
  ['TEE-BLK', 'shirts', 'Black Relaxed T-Shirt', 4900, 33, 'Boxy fit with a thick collar. Pre-washed, so the size you buy is the size you keep.'],
  ['TEE-MINT', 'shirts', 'Mint Stripe T-Shirt', 5500, 16, 'Yarn-dyed stripes in mint and ecru on soft slub jersey.'],
  ['SHIRT-LIN', 'shirts', 'Linen Summer Shirt', 12900, 12, 'European linen with a camp collar, airy enough for August. Coconut buttons.'],
  ['SHIRT-OXF', 'shirts', 'Blue Oxford Shirt', 13900, 7, 'Button-down Oxford cloth, softened twice. From the majlis to the meeting.'],

  ['ABAYA-CLS', 'modest', 'Classic Black Abaya', 22900, 8, 'Flowing Nida fabric with a concealed front and a matching sheila.'],
  ['ABAYA-SAGE', 'modest', 'Sage Linen Abaya', 26900, 5, 'Open-front linen blend in sage with hand-finished cuffs.'],
  ['KAFTAN-RSE', 'modest', 'Rose Evening Kaftan', 31900, 3, 'Satin-back crepe with tonal embroidery at the neck. Fully lined.'],
  ['SCARF-MODAL', 'modest', 'Modal Everyday Scarf', 3900, 50, 'Breathable modal, 180 by 70 cm, stays where you put it. Dusty teal.'],

  ['LAMP-ARC', 'home', 'Arc Floor Lamp', 64900, 0, 'A brushed brass arc over a travertine foot, with a dimmable warm bulb included.'],
  ['LAMP-MUSH', 'home', 'Mushroom Table Lamp', 18900, 6, 'Opal glass with a soft, even glow. Touch dimmer, USB-C cable.'],
  ['CUSH-TERRA', 'home', 'Terracotta Cushion', 6900, 22, 'Stone-washed cotton cover with a feather inner, 50 by 50 cm.'],
  ['VASE-ARCH', 'home', 'Arch Ceramic Vase', 9900, 10, 'Hand-thrown stoneware in matt ivory, 24 cm high. Watertight.'],
  ['MUG-SET', 'home', 'Karak Mug Set of Four', 8500, 15, 'Four speckled stoneware mugs in the right size for karak, 180 ml.'],
  ['THROW-KNIT', 'home', 'Chunky Knit Throw', 17900, 1, 'Merino and cotton, 130 by 170 cm. The last one of this year’s batch.'],

  ['OUD-ROYAL', 'scent', 'Royal Oud Eau de Parfum', 28900, 6, 'Cambodian oud, Taif rose and amber, 50 ml. Sold in the Emirates only.', ['AE']],
  ['CNDL-AMBER', 'scent', 'Amber & Fig Candle', 11500, 13, 'Soy wax in smoked glass; burns for about 45 hours.'],
  ['BAKHOOR-SET', 'scent', 'Bakhoor Gift Set', 19500, 4, 'Burner, tongs and three blends of bakhoor in a keepsake box.', ['AE', 'SA', 'OM', 'QA', 'BH', 'KW']],
  ['TOTE-CNV', 'scent', 'Canvas Souk Tote', 5900, 27, 'Heavy natural canvas with long handles and an inner pocket.'],
];

/** The demo shop's goods, priced in `currency` (whatever its number of decimals). */
export function demoProducts(currency: string, now: Date): ProductDoc[] {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  return ROWS.map(([sku, category, title, hundredths, onHand, description, regions]) => ({
    sku,
    title,
    description,
    category: { id: category, title: CATEGORIES[category] },
    priceMinor: Math.round(hundredths * 10 ** (digits - 2)),
    onHand,
    held: 0,
    regions: regions ?? null,
    sequence: 0,
    updatedAt: now.toISOString(),
    deleted: false,
  }));
}
