"use strict";
(function () {
  var box = document.getElementById("filter"), told = document.getElementById("filtered");
  var rows = Array.prototype.slice.call(document.querySelectorAll("main tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function filter() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, number) {
      var fits = words.every(function (word) { return texts[number].indexOf(word) !== -1; });
      row.classList.toggle("out", !fits);
      shown += fits ? 1 : 0;
    });
    document.body.classList.toggle("filtering", words.length > 0);
    told.textContent = words.length ? shown.toLocaleString("en-US") + " of " + rows.length.toLocaleString("en-US") + " rows" : "";
  }
  function sideways() {
    document.querySelectorAll(".wide").forEach(function (table) {
      table.nextElementSibling.hidden = table.scrollWidth <= table.clientWidth;
    });
  }
  box.addEventListener("input", filter);
  box.addEventListener("input", sideways);
  window.addEventListener("resize", sideways);
  window.addEventListener("hashchange", sideways);
  document.addEventListener("change", sideways);
  box.parentNode.parentNode.hidden = false;
  filter();
  sideways();
})();
