// Draws the daily chart. Everything it shows is in the page's tables too, so nothing is lost where it does not run.
import { init } from "./vendor/charts.js";

const place = document.getElementById("chart");
const data = JSON.parse(document.getElementById("daily-data")?.textContent ?? "null");

if (place && data) {
  place.hidden = false;
  document.getElementById("legend").hidden = false;
  const chart = init(place, null, { renderer: "canvas" });
  const draw = () => chart.setOption(options(data, place), true);
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(place);
  chart.on("click", (event) => {
    const url = data.series[event.seriesIndex]?.url;
    if (url) location.assign(url);
  });
  place.dataset.drawn = "true";
}

function options(daily, element) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const money = writer(element.dataset.currency);
  const text = { color: colour("soft"), fontFamily: style.fontFamily, fontSize: 12 };
  const narrow = element.clientWidth < 560;
  return {
    animation: false,
    grid: { left: 0, right: 4, top: 34, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      axisPointer: { type: "shadow", shadowStyle: { color: colour("soft"), opacity: 0.1 } },
      backgroundColor: colour("card"),
      borderColor: colour("line"),
      textStyle: { ...text, color: colour("ink"), fontSize: 13, lineHeight: 19 },
      formatter: (items) => told(items, money),
    },
    xAxis: {
      type: "category",
      data: daily.days,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("line") } },
      axisLabel: { ...text, formatter: shortDay, hideOverlap: true, interval: narrow ? 14 : 6 },
    },
    yAxis: {
      type: "value",
      splitNumber: 4,
      splitLine: { lineStyle: { color: colour("line") } },
      axisLabel: { ...text, formatter: (value) => money(value, true) },
    },
    series: daily.series.map((layer, index) => ({
      name: layer.name,
      type: "bar",
      stack: "day",
      barCategoryGap: "22%",
      cursor: layer.url ? "pointer" : "default",
      itemStyle: { color: colour(layer.tone === "culprit" ? "accent" : `tone-${layer.tone}`) },
      emphasis: { disabled: true },
      data: layer.amounts.map(Number),
      markLine: index ? undefined : releases(daily, colour, text, narrow),
    })),
  };
}

function releases(daily, colour, text, narrow) {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: colour("soft"), width: 1, type: [3, 3] },
    label: { ...text, fontSize: 11, rotate: 0, show: !narrow, position: "end", formatter: (mark) => mark.name },
    data: daily.releases
      .filter((one) => daily.days.includes(one.day))
      .map((one) => ({ name: one.release, xAxis: one.day })),
  };
}

function told(items, money) {
  const sum = items.reduce((all, item) => all + item.value, 0);
  const lines = items.filter((item) => item.value).reverse();
  return [`${longDay(items[0].axisValue)}   ${money(sum)}`, ...lines.map((one) => `${one.seriesName}   ${money(one.value)}`)].join("\n");
}

function writer(currency) {
  const whole = new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat("en-US", { style: "currency", currency, notation: "compact", maximumFractionDigits: 1 });
  return (value, compact) => (compact ? short : whole).format(value);
}

function shortDay(day) {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}

function longDay(day) {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" });
}
