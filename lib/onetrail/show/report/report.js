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
  box.addEventListener("input", filter);
  box.parentNode.parentNode.hidden = false;
  filter();
})();
