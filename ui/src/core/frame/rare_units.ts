/** Units that few dashboards have: fetched for those, and known to `units.ts` once this module is there. */

import { localeNumber, toFixed } from "./fixed.ts";
import { RARE_TIMES } from "./rare_time.ts";
import { COUNT_SUFFIXES, type Format, plain, scaled, si } from "./unit_scales.ts";
import { addUnits, table } from "./units.ts";

/** Money: K, M, B, T; the symbol before the number, or after it. */
function currency(symbol: string, after = false): Format {
  const scale = scaled(1000, COUNT_SUFFIXES);
  return (value, decimals) => {
    const { text, suffix = "" } = scale(Math.abs(value), decimals, "");
    const sign = value < 0 ? "-" : "";
    return after ? { text: sign + text, suffix: suffix + symbol } : { text, prefix: sign + symbol, suffix };
  };
}

/** Money with all its digits, grouped. */
function financial(symbol: string, after = false): Format {
  return (value, decimals) => {
    const text = localeNumber(value, decimals ?? 1, decimals ?? 0);
    return after ? { text, suffix: symbol } : { text, prefix: symbol };
  };
}

/** Hexadecimal digits, perhaps after 0x. */
function hex(mark = ""): Format {
  return (value, decimals) => {
    const digits = Number.parseFloat(toFixed(value, decimals)).toString(16).toUpperCase();
    return { text: digits.startsWith("-") ? `-${mark}${digits.slice(1)}` : mark + digits };
  };
}

const UNITS: (readonly [string, Format])[] = [
  ...RARE_TIMES,
  ["hex0x", hex("0x")],
  ["hex", hex()],
  ["pressurepsi", scaled(1000, ["psi", "ksi", "Mpsi"])],
  ...table(
    "dB=dB;pixel=px;accMS2=m/sec²;accFS2=f/sec²;accG=g;radian=rad;grad=grad;arcmin=arcmin;arcsec=arcsec;" +
      "areaM2=m²;areaF2=ft²;areaMI2=mi²;acres=ac;hectares=ha;conppb=ppb;conngm3=ng/m³;conngNm3=ng/Nm³;conμgm3=μg/m³;" +
      "conμgNm3=μg/Nm³;conmgm3=mg/m³;conmgNm3=mg/Nm³;congm3=g/m³;congNm3=g/Nm³;conmgdL=mg/dL;conmmolL=mmol/L;dBm=dbm;" +
      "flowgpm=gpm;flowcms=cms;flowcfs=cfs;flowcfm=cfm;litreh=L/h;flowlpm=L/min;flowmlpm=mL/min;lux=lux;masslb=lb;masst=t;" +
      "lengthcm=cm;lengthin=in;lengthft=ft;lengthmi=mi;pressurehpa=hPa;pressurekpa=kPa;pressurehg=\"Hg;rotrads=rad/s;" +
      "rotdegs=°/s;kelvin=K;velocityms=m/s;velocitykmh=km/h;velocitymph=mph;velocityknot=kn;" +
      "m3=m³;Nm3=Nm³;dm3=dm³;gallons=gal",
    (symbol) => plain(` ${symbol}`),
  ),
  ...table(
    "candela=cd;flops=FLOPS;mflops=FLOPS|2;gflops=FLOPS|3;tflops=FLOPS|4;pflops=FLOPS|5;eflops=FLOPS|6;zflops=FLOPS|7;yflops=FLOPS|8;" +
      "kwatt=W|1;megwatt=W|2;gwatt=W|3;mwatt=W|-1;Wm2=W/m²;voltamp=VA;kvoltamp=VA|1;voltampreact=VAr;kvoltampreact=VAr|1;" +
      "watthperkg=Wh/kg;kwatth=Wh|1;kwattm=W-Min|1;mwatth=Wh|2;amph=Ah;kamph=Ah|1;mamph=Ah|-1;ev=eV;kamp=A|1;" +
      "mamp=A|-1;kvolt=V|1;mvolt=V|-1;mohm=Ω|-1;ohm=Ω;kohm=Ω|1;Mohm=Ω|2;farad=F;µfarad=F|-2;nfarad=F|-3;pfarad=F|-4;ffarad=F|-5;" +
      "henry=H;mhenry=H|-1;µhenry=H|-2;lumens=Lm;forceNm=Nm;forcekNm=Nm|1;forceN=N;forcekN=N|1;Hs=H/s;KHs=H/s|1;MHs=H/s|2;GHs=H/s|3;" +
      "THs=H/s|4;PHs=H/s|5;EHs=H/s|6;massmg=g|-1;massg=g;masskg=g|1;lengthmm=m|-1;lengthm=m;lengthkm=m|1;pressurembar=bar|-1;" +
      "pressurebar=bar;pressurekbar=bar|1;pressurepa=Pa;radbq=Bq;radci=Ci;radgy=Gy;radrad=rad;radsv=Sv;radmsv=Sv|-1;radusv=Sv|-2;" +
      "radrem=rem;radexpckg=C/kg;radr=R;radsvh=Sv/h;radmsvh=Sv/h|-1;radusvh=Sv/h|-2;rotkhz=Hz|1;rotmhz=Hz|2;rotghz=Hz|3;" +
      "mlitre=L|-1;litre=L",
    si,
  ),
  ...table(
    "USD=$;GBP=£;EUR=€;JPY=¥;RUB=₽;UAH=₴;BRL=R$;CZK=czk;CHF=CHF;PLN=PLN;BTC=฿;mBTC=mBTC;μBTC=μBTC;ZAR=R;INR=₹;KRW=₩;IDR=Rp;PHP=PHP;" +
      "MYR=RM;XPF=XPF;BGN=BGN;PYG=₲;UYU=UYU;ILS=₪",
    (symbol) => currency(symbol),
  ).map(([id, format]): [string, Format] => [`currency${id}`, format]),
  ...table("DKK=kr;ISK=kr;NOK=kr;SEK=kr;VND=đ;TRY=₺", (symbol) => currency(symbol, true)).map(([id, format]): [string, Format] => [`currency${id}`, format]),
];

addUnits(UNITS, {
  currency: (rest) => {
    const [kind, symbol = "", place] = rest.split(":");
    if (kind === "financial") return financial(symbol, place === "suffix");
    return currency(kind ?? "", symbol === "suffix");
  },
});
